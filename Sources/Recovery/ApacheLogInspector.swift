// One of Apache's log files for tools: every record with its place, and on past a record whose
// checksum alone is wrong.
import Storage
import ZKWire

package final class ApacheLogInspector<D: Disk> {
    package enum Step {
        /// Valid until the next step.
        case payload(ByteView)
        case end
        /// An unfinished record; nothing follows.
        case torn
        case bad(ApacheLogDefect)
    }

    private var file: ApacheLogFile<D>
    private let disk: D
    private let path: String

    package init(
        _ disk: D, _ path: String, maximumRecordBytes: Int = 128 << 20
    ) throws(DiskError) {
        self.disk = disk
        self.path = path
        do throws(RecoveryError) {
            file = try ApacheLogFile(disk, path, maximumRecordBytes: maximumRecordBytes)
        } catch {
            throw Self.diskError(error)
        }
    }

    /// Of the record that the last step was about.
    package var offset: Int64 { file.recordOffset }

    package func next() throws(DiskError) -> Step {
        do throws(RecoveryError) {
            if let payload = try file.next() { return .payload(payload) }
            if case .torn = file.end { return .torn }
            return .end
        } catch {
            if case .apacheLog(_, _, let defect) = error { return .bad(defect) }
            throw Self.diskError(error)
        }
    }

    /// Goes past a record whose length and end mark are right and whose checksum is not.
    package func skip(_ defect: ApacheLogDefect) throws(DiskError) -> Bool {
        guard case .checksum = defect else { return false }
        let prefix = try read(12)
        guard prefix.count == 12 else { return false }
        let length = prefix[8...].reduce(0) { $0 << 8 | Int($1) }
        // The step that found the checksum wrong has the whole record in its window.
        file.position += 12 + length + 1
        return true
    }

    private func read(_ count: Int) throws(DiskError) -> [UInt8] {
        let bytes = try disk.openForReading(path)
        defer { bytes.close() }
        return try bytes.readBytes(count, at: offset)
    }

    /// The file throws nothing but its defects and the disk's errors.
    private static func diskError(_ error: RecoveryError) -> DiskError {
        guard case .disk(let error) = error else {
            preconditionFailure("an Apache log threw \(error)")
        }
        return error
    }
}
