import Storage
import Testing
import ZKWire

import Snapshot

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files that Apache ZooKeeper 3.8.0 wrote of one tree; see Fixtures/README.md.
struct ApacheFileTests {
    static func fixture(_ name: String) throws -> [UInt8] {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let file = here.appending(path: "Fixtures/apache-3.8.0/" + name)
        return [UInt8](try Data(contentsOf: file))
    }

    static func load(_ name: SnapshotName, _ bytes: [UInt8]) throws -> (
        RecordingSink, SnapshotDescription
    ) {
        let disk = SimulatedDisk.withDirectories()
        disk["version-2/" + name.fileName] = bytes
        var sink = RecordingSink()
        let reader = SnapshotReader(disk, directory: "version-2")
        let found = try reader.load(name, into: &sink)
        return (sink, found)
    }

    @Test("Apache's plain, gzip and snappy snapshots load, and alike")
    func encodings() throws {
        let zxid = Zxid(rawValue: 0x27)
        var plain: RecordingSink?
        for encoding in [SnapshotName.Encoding.plain, .gzip, .snappy] {
            let name = SnapshotName(zxid: zxid, encoding: encoding)
            let (sink, found) = try Self.load(name, Self.fixture(name.fileName))
            #expect(found.footer == nil)
            #expect(found.content.digest?.zxid == zxid)
            #expect(found.content.znodeCount == 32)
            if let plain { #expect(sink == plain) }
            plain = sink
        }
        let nodes = try #require(plain).nodes
        #expect(nodes.first?.path == "")
        let text = nodes.first { $0.path == "/utf-\u{fc}\u{4e2d}" }
        #expect(text?.data == [0x68, 0xC3, 0xA9])
        #expect(nodes.contains { $0.path == "/eph" && $0.stat.ephemeralOwner != 0 })
        #expect(plain?.acls.count == 3)
    }

    @Test("A flipped bit in one of Apache's files is refused, or changes nothing of the content")
    func bitFlips() throws {
        for encoding in [SnapshotName.Encoding.plain, .gzip, .snappy] {
            let name = SnapshotName(zxid: Zxid(rawValue: 0x27), encoding: encoding)
            let bytes = try Self.fixture(name.fileName)
            let (sink, found) = try Self.load(name, bytes)
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 1 << UInt8(index % 8)
                guard let other = try? Self.load(name, damaged) else { continue }
                // In a gzip header, for one; or a copy of equal bytes from another place.
                #expect(encoding != .plain, "byte \(index) of \(name.fileName)")
                #expect(other.1 == found && other.0 == sink)
            }
        }
    }

    @Test("One of Apache's files that was cut anywhere is refused")
    func truncation() throws {
        for encoding in [SnapshotName.Encoding.plain, .gzip, .snappy] {
            let name = SnapshotName(zxid: Zxid(rawValue: 0x27), encoding: encoding)
            let bytes = try Self.fixture(name.fileName)
            for length in bytes.indices where encoding != .plain || !Self.isSealEnd(length) {
                #expect(throws: SnapshotError.self, "\(length) bytes of \(name.fileName)") {
                    _ = try Self.load(name, Array(bytes[..<length])).1
                }
            }
        }
    }

    /// Where a stream without the digest would end: such a cut leaves a whole, older snapshot.
    private static func isSealEnd(_ length: Int) -> Bool { length == 3244 - 33 }
}
