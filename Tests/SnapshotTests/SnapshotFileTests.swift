import Storage
import Testing
import ZKWire

import Snapshot

struct SnapshotFileTests {
    let disk = SimulatedDisk.withDirectories()
    let zxid = Zxid(rawValue: 0x1_0000_0005)
    var name: SnapshotName { SnapshotName(zxid: zxid) }
    var path: String { Sample.directory + "/" + name.fileName }
    var reader: SnapshotReader<SimulatedDisk> { SnapshotReader(disk, directory: Sample.directory) }

    @Test("What was written is read back, with its footer", arguments: [1, 6, 5000])
    func roundTrip(nodes: Int) throws {
        let content = Sample.content(nodes: nodes)
        let end = Zxid(rawValue: 0x1_0000_0009)
        let footer = try Sample.write(content, on: disk, startZxid: zxid, endZxid: end)
        var sink = RecordingSink()
        let found = try reader.load(name, into: &sink)
        #expect(sink == content)
        #expect(found.footer == footer)
        #expect(found.endZxid == end)
        #expect(footer.origin == Sample.origin)
        #expect(footer.chain == 0x1122_3344)
        #expect(try reader.footer(of: name) == footer)
        #expect(try disk.list(Sample.directory) == [name.fileName])
    }

    @Test("A file cut at any length is refused")
    func truncation() throws {
        try Sample.write(Sample.content(), on: disk, startZxid: zxid)
        let bytes = disk[path]
        for length in 0..<bytes.count {
            disk[path] = Array(bytes[..<length])
            #expect(throws: SnapshotError.self) { try reader.verify(name) }
        }
    }

    @Test("A flipped bit anywhere in a file is refused")
    func bitFlips() throws {
        try Sample.write(Sample.content(), on: disk, startZxid: zxid)
        let bytes = disk[path]
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                disk[path] = damaged
                #expect(throws: SnapshotError.self, "bit \(bit) of byte \(index)") {
                    try reader.verify(name)
                }
            }
        }
    }

    @Test("Bytes after the footer, between it and the frame, and a second frame are refused")
    func extraBytes() throws {
        try Sample.write(Sample.content(), on: disk, startZxid: zxid)
        let bytes = disk[path]
        let frame = Array(bytes.dropLast(SnapshotFormat.footerSize))
        let footer = Array(bytes.suffix(SnapshotFormat.footerSize))
        for damaged in [bytes + [0], frame + [0] + footer, frame + frame + footer, footer + bytes] {
            disk[path] = damaged
            #expect(throws: SnapshotError.self) { try reader.verify(name) }
        }
    }

    @Test("A file under another zxid's name is refused")
    func renamed() throws {
        try Sample.write(Sample.content(), on: disk, startZxid: zxid)
        let other = SnapshotName(zxid: zxid.next)
        disk[Sample.directory + "/" + other.fileName] = disk[path]
        #expect(throws: SnapshotError.self) { try reader.verify(other) }
    }

    @Test("S-35: a frame of zeros that expands a thousandfold is refused at its first bytes")
    func bomb() throws {
        var writer = try SnapshotWriter(
            disk, directory: Sample.directory, startZxid: zxid, origin: Sample.origin)
        let zeros = [UInt8](repeating: 0, count: 16 * 1024 * 1024)
        try zeros.withByteView { (view) throws(SnapshotError) in try writer.append(view) }
        _ = try writer.finish(Sample.end(Sample.content(), at: zxid))
        #expect(disk[path].count < zeros.count / 200)
        #expect {
            try reader.verify(name)
        } throws: { error in
            error as? SnapshotError
                == .invalid(path: path, SnapshotFault(.badMagic(0), in: .content, at: 0))
        }
    }

    @Test("A message says what, where and what to do")
    func messages() throws {
        try Sample.write(Sample.content(), on: disk, startZxid: zxid)
        var bytes = disk[path]
        bytes[bytes.count - 1] ^= 1
        disk[path] = bytes
        do throws(SnapshotError) {
            _ = try reader.verify(name)
            Issue.record("a damaged footer was accepted")
        } catch {
            let words = "\(error)"
            #expect(
                words.hasPrefix(
                    "Snapshot: data/zknode/snapshot/snapshot.100000005.lz4: footer checksum "
                        + "mismatch: stored 0x"))
            #expect(
                words.hasSuffix(
                    " at byte \(bytes.count - SnapshotFormat.footerSize). The file is not used: "
                        + "docs/operating/recovering.md#corrupt-snapshot"))
        }
        #expect(
            "\(SnapshotError.disk(DiskError("write", "a.tmp", code: 28)))"
                == "Snapshot: write a.tmp: No space left on device (errno 28). The older snapshots "
                + "and the log are kept and the server goes on; free space on this disk: "
                + "docs/operating/recovering.md#disk-full")
    }

    @Test("Names say the zxid and the encoding, and nothing else is a name")
    func names() {
        for encoding in SnapshotName.Encoding.allCases {
            let name = SnapshotName(zxid: zxid, encoding: encoding)
            #expect(SnapshotName(fileName: name.fileName) == name)
        }
        #expect(SnapshotName(fileName: "snapshot.0")?.zxid == .zero)
        for text in [
            "snapshot.", "snapshot.x", "snapshot.01", "snapshot.1A", "snapshot.1.lz4.tmp",
            "snapshot.1.zip", "log.1", "snapshot.-1", "snapshot.+1", "snapshot.1.",
        ] {
            #expect(SnapshotName(fileName: text) == nil, "\(text)")
        }
    }
}
