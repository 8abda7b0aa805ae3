import Snapshot
import Storage
import ZKWire

/// Reads every snapshot of a directory in full.
struct SnapshotsVerifier<D: Disk> {
    private let disk: D
    private let output: Output

    init(_ disk: D, _ output: Output) {
        self.disk = disk
        self.output = output
    }

    /// The snapshots that are whole, newest first.
    func run(
        _ directory: String, _ verification: inout Verification
    ) throws(InspectionError) -> [SnapshotInspection] {
        let names = try reading { () throws(DiskError) in try disk.list(directory) }
        var whole: [SnapshotInspection] = []
        for (name, file) in names.compactMap({ file in
            SnapshotName(fileName: file).map { ($0, file) }
        }).sorted(by: { $0.0.zxid > $1.0.zxid }) {
            let path = directory + "/" + file
            if let found = try verify(path, name, &verification) {
                if found.isWhole { whole.append(found) }
            } else {
                verification.add(.removed(path))
            }
        }
        for name in names where name.hasPrefix(SnapshotName.prefix) {
            guard name.hasSuffix(SnapshotName.temporarySuffix) else { continue }
            verification.skip(
                directory + "/" + name, "not finished; a start removes it")
        }
        return whole
    }

    private func verify(
        _ path: String, _ name: SnapshotName, _ verification: inout Verification
    ) throws(InspectionError) -> SnapshotInspection? {
        var sink = CheckingSink()
        let total = try ifPresent { () throws(DiskError) in
            try disk.openForReading(path).sizeBytes()
        }
        guard let total else { return nil }
        let inspected = try ifPresent { () throws(DiskError) in
            try SnapshotInspector(disk).inspect(
                path, name.encoding, named: name.zxid, into: &sink
            ) { output.progress(path, $0, of: total) }
        }
        guard let found = inspected else { return nil }
        try found.checkVersion()
        var what = "\(sink.znodeCount) znodes, \(sink.sessionCount) sessions, from \(name.zxid)"
        if let footer = found.footer, footer.endZxid > footer.startZxid {
            what += " to \(footer.endZxid)"
        }
        verification.add(path, what, found.findings(), bytes: found.fileSize)
        return found
    }
}

/// Counts, and refuses lists that do not parse.
private struct CheckingSink: SnapshotSink {
    private(set) var znodeCount = 0
    private(set) var sessionCount = 0

    mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) { sessionCount += 1 }

    func addACL(id: Int64, acl: ByteView) throws(DecodeError) {
        var reader = JuteReader(acl)
        _ = try reader.readACL()
    }

    mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) { znodeCount += 1 }
}
