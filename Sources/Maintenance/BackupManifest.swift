// What a backup consists of, as text that people and `cksum`-like tools can read:
//
//     zknode backup 1
//     source /var/lib/zknode
//     made 2026-11-23T02:00:00.000Z
//     ensemble 1f00... generation 1 server 0
//     zxid 0x2a
//     file 2144df1ca8310c55 512 zknode/meta-a     CRC-32 and Adler-32, bytes, path
//     end 11c0ffee                                CRC-32 of all lines above
//
// It is written last: a backup without one is unfinished.

import Storage
import ZKWire

/// A backup's table of contents.
package struct BackupManifest: Equatable, Sendable {
    package static let name = "MANIFEST"
    private static let version = "zknode backup 1"

    package struct Entry: Equatable, Sendable {
        /// Relative to the backup.
        package let path: String
        /// As `FileSum` has it.
        package let checksum: String
        package let sizeBytes: Int64

        init(path: String, sum: FileSum) {
            self.path = path
            checksum = sum.checksum
            sizeBytes = sum.sizeBytes
        }
    }

    package var source: String
    /// Milliseconds since 1970.
    package var madeAt: Int64
    package var ensembleID: UInt64
    package var generation: UInt32
    package var serverID: Int64
    /// Everything up to here is in the backup.
    package var zxid: Zxid
    package var entries: [Entry] = []

    package var sizeBytes: Int64 { entries.reduce(0) { $0 + $1.sizeBytes } }

    var text: String {
        var lines = [
            Self.version, "source \(source)", "made \(TimeText.format(madeAt))",
            "ensemble \(String(ensembleID, radix: 16)) generation \(generation) server \(serverID)",
            "zxid \(zxid)",
        ]
        lines += entries.map {
            "file \($0.checksum) \($0.sizeBytes) \($0.path)"
        }
        let body = lines.map { $0 + "\n" }.joined()
        return body + "end \(Self.checksum(of: body))\n"
    }

    private static func checksum(of body: String) -> String {
        String(hexChecksum(body.withByteView { Checksum.crc32($0) }).dropFirst(2))
    }

    /// Reads what `text` gives.
    init(parsing text: String, path: String) throws(MaintenanceError) {
        func fault(_ words: String) -> MaintenanceError { .manifest(path: path, words) }
        guard text.hasPrefix("zknode backup ") else {
            throw fault("it does not begin with \"\(Self.version)\"")
        }
        guard text.hasPrefix(Self.version + "\n") else {
            throw fault("it was written by a later version")
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // After the last line's end comes nothing.
        guard lines.count >= 7, lines.removeLast().isEmpty, let last = lines.popLast() else {
            throw fault("it is cut short")
        }
        let body = lines.map { $0 + "\n" }.joined()
        guard last == "end \(Self.checksum(of: body))" else {
            throw fault("it is cut short or damaged: its last line does not fit the others")
        }
        let identity = lines[3].split(separator: " ").map(String.init)
        guard identity.count == 6, let ensemble = UInt64(identity[1], radix: 16),
            let generation = UInt32(identity[3]), let server = Int64(identity[5]),
            let zxid = Int64(lines[4].dropFirst("zxid 0x".count), radix: 16),
            let madeAt = TimeText.parse(String(lines[2].dropFirst("made ".count)))
        else { throw fault("its first lines are not a manifest's") }
        source = String(lines[1].dropFirst("source ".count))
        self.madeAt = madeAt
        ensembleID = ensemble
        self.generation = generation
        serverID = server
        self.zxid = Zxid(rawValue: zxid)
        for line in lines.dropFirst(5) {
            guard let entry = Entry(line) else { throw fault("no file is described by: \(line)") }
            entries.append(entry)
        }
    }

    init(
        source: String, madeAt: Int64, meta: MetaRecord, zxid: Zxid, entries: [Entry]
    ) {
        self.source = source
        self.madeAt = madeAt
        ensembleID = meta.ensembleID
        generation = meta.baseGeneration
        serverID = meta.serverID
        self.zxid = zxid
        self.entries = entries
    }
}

extension BackupManifest.Entry {
    fileprivate init?(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4, words[0] == "file", words[1].utf8.count == 16,
            let size = Int64(words[2])
        else { return nil }
        checksum = words[1]
        sizeBytes = size
        path = words[3]
    }
}
