import Storage
import Testing
import ZKWire

import Snapshot

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The worked example of docs/formats/snapshot.md. Written by this test if the environment has
/// ZKNODE_WRITE_GOLDEN; a change of the file is a change of the format.
struct GoldenFileTests {
    static let startZxid = Zxid(rawValue: 0x1_0000_0005)
    static let endZxid = Zxid(rawValue: 0x1_0000_0009)

    /// One session, one access control list, two znodes.
    static var content: RecordingSink {
        var content = RecordingSink()
        content.sessions = [SessionID(rawValue: 0x100_0002_5ECA_0000): 30000]
        let acl = ByteWriter()
        acl.writeACL(ACLEntry.readUnsafe)
        content.acls = [1: acl.bytes]
        content.nodes = [
            .init(path: "", data: [], acl: -1, stat: Sample.stat(0)),
            .init(path: "/greeting", data: Array("hello".utf8), acl: 1, stat: Sample.stat(7)),
        ]
        return content
    }

    static var file: URL {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/golden/snapshot.100000005.lz4")
    }

    @Test("The golden file reads as what it was written from, and its footer is written alike")
    func golden() throws {
        let disk = SimulatedDisk.withDirectories()
        let written = try Sample.write(
            Self.content, on: disk, startZxid: Self.startZxid, endZxid: Self.endZxid)
        let name = SnapshotName(zxid: Self.startZxid)
        let path = Sample.directory + "/" + name.fileName
        if ProcessInfo.processInfo.environment["ZKNODE_WRITE_GOLDEN"] != nil {
            try Data(disk[path]).write(to: Self.file)
        }
        let bytes = [UInt8](try Data(contentsOf: Self.file))
        disk[path] = bytes
        var sink = RecordingSink()
        let found = try SnapshotReader(disk, directory: Sample.directory).load(name, into: &sink)
        #expect(sink == Self.content)
        // What lz4 makes of the content may change with its version; what we say of it may not.
        var footer = try #require(found.footer)
        #expect(footer.compressedSize == UInt64(bytes.count - SnapshotFormat.footerSize))
        footer.compressedSize = written.compressedSize
        #expect(footer == written)
    }
}
