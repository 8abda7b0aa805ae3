import Snapshot
import Storage
import ZKWire

/// Opens one snapshot file, ours or Apache's, whatever its name.
struct SnapshotFile<D: Disk> {
    let disk: D
    let path: String
    let encoding: SnapshotName.Encoding
    let name: SnapshotName?

    init(_ disk: D, _ path: String) throws(InspectionError) {
        self.disk = disk
        self.path = path
        guard case .file = try Place(disk, path) else {
            throw .wrongDirectory(
                path: path,
                expected: "a file, and a snapshot was expected",
                advice: "zkdump tree reads directories")
        }
        name = SnapshotName(fileName: fileName(of: path))
        let kind = try FileKind(disk, path)
        switch kind {
        case .snapshot(let found): encoding = found
        case .unknown, .zeros:
            // Damage at the very beginning, if the name says what it was.
            guard let name else { throw kind.refusal(of: path, expected: "a snapshot") }
            encoding = name.encoding
        default: throw kind.refusal(of: path, expected: "a snapshot")
        }
    }

    func read<Sink: SnapshotSink & ~Copyable>(
        into sink: inout Sink, _ output: Output
    ) throws(InspectionError) -> SnapshotInspection {
        let total = try reading { () throws(DiskError) in
            try disk.openForReading(path).sizeBytes()
        }
        let found = try reading { () throws(DiskError) in
            try SnapshotInspector(disk).inspect(path, encoding, named: name?.zxid, into: &sink) {
                output.progress(path, $0, of: total)
            }
        }
        try found.checkVersion()
        return found
    }
}

extension SnapshotInspection {
    /// A later version's file is not damaged: this program cannot say anything about it.
    func checkVersion() throws(InspectionError) {
        for fault in faults {
            guard case .unsupportedVersion(let version) = fault.reason else { continue }
            throw .newerVersion(
                path: path, offset: fault.offset, version: UInt32(truncatingIfNeeded: version),
                known: footer == nil && encoding == .lz4
                    ? 1 : UInt32(SnapshotFormat.streamVersion))
        }
    }

    func findings() -> [Finding] { faults.map { Finding($0, in: path) } }

    /// What the file says of itself.
    var head: [(String, String)] {
        var rows = [
            (
                "format",
                "\(encoding.words), \(humanSize(fileSize)), \(humanSize(readBytes)) uncompressed"
            )
        ]
        if let footer {
            let isFuzzy = footer.endZxid > footer.startZxid
            rows += [
                ("zxid", "\(footer.startZxid)" + (isFuzzy ? " to \(footer.endZxid), fuzzy" : "")),
                (
                    "history",
                    "ensemble 0x\(String(footer.origin.ensembleID, radix: 16)), generation "
                        + "\(footer.origin.generation), chain \(hexWord(footer.chain))"
                ),
            ]
        }
        if let digest = content?.digest {
            rows.append(
                (
                    "digest",
                    "0x\(String(UInt64(bitPattern: digest.value), radix: 16)) at zxid "
                        + "\(digest.zxid), version \(digest.version)"
                ))
        }
        if let last = content?.lastZxid { rows.append(("last zxid", "\(last)")) }
        rows.append(("checksums", isWhole ? "all right" : "DAMAGED"))
        return rows
    }

    var members: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init(key: "type", value: "snapshot"), .init(key: "file", value: .string(path)),
            .init(key: "format", value: .string(encoding.words)),
            .init(key: "fileBytes", value: .integer(fileSize)),
            .init(key: "contentBytes", value: .integer(readBytes)),
            .init(key: "whole", value: .boolean(isWhole)),
        ]
        if let footer {
            members += [
                .init(key: "startZxid", value: .string("\(footer.startZxid)")),
                .init(key: "endZxid", value: .string("\(footer.endZxid)")),
                .init(
                    key: "ensemble",
                    value: .string("0x" + String(footer.origin.ensembleID, radix: 16))),
                .init(key: "generation", value: .integer(footer.origin.generation)),
                .init(key: "chain", value: .string(hexWord(footer.chain))),
            ]
        }
        if let digest = content?.digest {
            members += [
                .init(
                    key: "digest",
                    value: .string("0x" + String(UInt64(bitPattern: digest.value), radix: 16))),
                .init(key: "digestZxid", value: .string("\(digest.zxid)")),
            ]
        }
        if let last = content?.lastZxid {
            members.append(.init(key: "lastZxid", value: .string("\(last)")))
        }
        return members
    }
}

extension SnapshotName.Encoding {
    var words: String {
        switch self {
        case .lz4: "ours (lz4)"
        case .plain: "Apache's (plain)"
        case .gzip: "Apache's (gzip)"
        case .snappy: "Apache's (snappy)"
        }
    }
}
