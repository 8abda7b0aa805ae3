import Storage
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension TxnLog {
    /// Opens the log in `path`, creating it if there is none: looks at every segment's header and
    /// through the newest one, decides what its end means, and cuts a torn tail. The older
    /// segments' records are verified by `replay`, which a start needs anyway.
    ///
    /// - Parameter base: what `meta` says that the log stands on.
    /// - Throws: where records that may have been acknowledged are damaged or missing, `corrupt`;
    ///   nothing was changed then.
    package static func open(
        disk: D, directory path: String, configuration: TxnLogConfiguration,
        base: LogBase = .origin
    ) throws(TxnLogError) -> (log: TxnLog<D>, report: RecoveryReport) {
        precondition(
            configuration.segmentSizeBytes >= 2 * TxnLogFormat.headerBlockBytes
                && configuration.segmentSizeBytes <= TxnLogFormat.maximumSegmentBytes,
            "segmentSizeBytes \(configuration.segmentSizeBytes)")
        let directory = LogDirectory(disk: disk, path: path)
        let lock = try take(directory)
        do throws(TxnLogError) {
            var recovery = try LogRecovery(directory, configuration, base: base)
            let end = try recovery.run()
            let log = TxnLog(
                directory, configuration, lock: lock, watermark: recovery.watermark, base: base,
                segments: recovery.segments, last: end.last)
            log.active = end.active
            return (log, recovery.report)
        } catch {
            lock.release()
            throw error
        }
    }

    private static func take(_ directory: LogDirectory<D>) throws(TxnLogError) -> any DiskLock {
        do throws(DiskError) {
            if !directory.disk.exists(directory.path) {
                try directory.disk.createDirectory(directory.path)
                try directory.disk.syncDirectory(parent(of: directory.path))
            }
            return try directory.disk.lock(directory.path(of: LogFileName.lock))
        } catch {
            if error.operation == "lock" && error.code == EWOULDBLOCK {
                throw .locked(path: directory.path)
            }
            throw .disk(error)
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
