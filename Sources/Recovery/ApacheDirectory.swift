// Apache's data directory (`version-2/`, and the same below `dataLogDir`), read once and never
// written.
import DataTree
import Snapshot
import Storage
import ZKWire

/// Where Apache's files are.
package struct ApacheDirectory<D: Disk>: Sendable {
    let disk: D
    /// Snapshots and epoch files.
    let snapshots: String
    let logs: String
    var limits = SnapshotLimits()
    /// As our own log has it.
    var maximumRecordBytes = 128 << 20

    package init(_ disk: D, snapshots: String, logs: String) {
        self.disk = disk
        self.snapshots = snapshots
        self.logs = logs
    }

    /// Whether a server of Apache's has ever run here.
    package func hasData() throws(RecoveryError) -> Bool {
        let names = try names(in: snapshots)
        if names.contains(where: { SnapshotName(fileName: $0) != nil }) { return true }
        return try !logFiles().isEmpty
    }

    /// `acceptedEpoch` or `currentEpoch`; nil if there is none, as on standalone servers.
    func epoch(_ name: String) throws(RecoveryError) -> Epoch? {
        let path = snapshots + "/" + name
        guard disk.exists(path) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = try onDisk { () throws(DiskError) in
            let file = try disk.openForReading(path)
            defer { file.close() }
            return try bytes.readAll(of: file, at: 0)
        }
        let digits = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard let epoch = UInt32(String(decoding: digits, as: UTF8.self)) else {
            throw .apacheEpoch(path: path)
        }
        return Epoch(rawValue: epoch)
    }

    struct LogFile {
        let name: String
        let firstZxid: Zxid
    }

    /// The log files in the order of their first zxids.
    func logFiles() throws(RecoveryError) -> [LogFile] {
        try names(in: logs).compactMap { name in
            guard name.hasPrefix("log."), let first = UInt64(name.dropFirst(4), radix: 16) else {
                return nil
            }
            return LogFile(name: name, firstZxid: Zxid(rawValue: Int64(bitPattern: first)))
        }.sorted { $0.firstZxid < $1.firstZxid }
    }

    func names(in directory: String) throws(RecoveryError) -> [String] {
        guard disk.exists(directory) else { return [] }
        return try onDisk { () throws(DiskError) in try disk.list(directory) }
    }

    func onDisk<T>(_ body: () throws(DiskError) -> T) throws(RecoveryError) -> T {
        do throws(DiskError) {
            return try body()
        } catch {
            throw .disk(error)
        }
    }
}

/// A tree from Apache's files.
package struct ApacheState {
    package let tree: DataTree
    /// nil if all of it came from the log.
    package let snapshot: SnapshotName?
    package let replayedCount: UInt64
    /// An unfinished last record, which was left out: file and offset.
    package let tornTail: String?
    package let skipped: [SkippedFile]
    package let acceptedEpoch: Epoch
    package let currentEpoch: Epoch
}
