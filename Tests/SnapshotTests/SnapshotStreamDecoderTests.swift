import Testing
import ZKWire

import Snapshot

struct SnapshotStreamDecoderTests {
    let content = Sample.content(nodes: 40)

    @Test("A stream decodes to what was encoded, however it is cut")
    func chunks() throws {
        let stream = Sample.sealed(Sample.encode(content))
        for size in 1...200 {
            let (sink, summary) = try Sample.decode(stream, chunk: size)
            #expect(sink == content)
            #expect(summary.znodeCount == 41)
            #expect(summary.sessionCount == 2)
            #expect(summary.sizeBytes == Int64(stream.count))
            #expect(summary.digest == nil)
        }
    }

    @Test("A stream cut at any length is refused as truncated")
    func truncation() {
        let stream = Sample.sealed(Sample.encode(content))
        for length in 0..<stream.count {
            #expect {
                _ = try Sample.decode(Array(stream[..<length]), chunk: 512)
            } throws: { error in
                (error as? SnapshotFault)?.reason == .truncated
            }
        }
    }

    @Test("A flipped bit anywhere in a stream is refused")
    func bitFlips() {
        let stream = Sample.sealed(Sample.encode(Sample.content(nodes: 6)))
        for index in stream.indices {
            // The database id is covered by the seal as well.
            for bit in 0..<8 {
                var damaged = stream
                damaged[index] ^= 1 << bit
                #expect(throws: SnapshotFault.self) { try Sample.decode(damaged) }
            }
        }
    }

    @Test("Apache's digest and last zxid are read with their seals, in each combination")
    func trailers() throws {
        let stream = Sample.sealed(Sample.encode(content))
        let writer = ByteWriter()
        writer.writeRaw(stream)
        writer.writeInt64(0x7_0000_0003)
        writer.writeInt32(2)
        writer.writeInt64(-77)
        let digested = Sample.sealed(writer.bytes)
        let digest = SnapshotTrailer.ZxidDigest(
            zxid: Zxid(rawValue: 0x7_0000_0003), version: 2, value: -77)
        #expect(try Sample.decode(digested, chunk: 7).1.digest == digest)

        func withLastZxid(_ bytes: [UInt8]) -> [UInt8] {
            let writer = ByteWriter()
            writer.writeRaw(bytes)
            writer.writeInt64(0x7_0000_0004)
            return Sample.sealed(writer.bytes)
        }
        let both = try Sample.decode(withLastZxid(digested), chunk: 7).1
        #expect(both.digest == digest)
        #expect(both.lastZxid == Zxid(rawValue: 0x7_0000_0004))
        let only = try Sample.decode(withLastZxid(stream), chunk: 7).1
        #expect(only.digest == nil)
        #expect(only.lastZxid == Zxid(rawValue: 0x7_0000_0004))
    }

    @Test("A digest of version 1 is a hexadecimal string, and an empty digest is none")
    func oldDigests() throws {
        let stream = Sample.sealed(Sample.encode(content))
        let writer = ByteWriter()
        writer.writeRaw(stream)
        writer.writeInt64(5)
        writer.writeInt32(1)
        writer.writeString("-4d")
        #expect(try Sample.decode(Sample.sealed(writer.bytes)).1.digest?.value == -77)

        writer.removeAll()
        writer.writeRaw(stream)
        writer.writeInt64(0)
        writer.writeInt32(0)
        writer.writeNullBuffer()
        #expect(try Sample.decode(Sample.sealed(writer.bytes)).1.digest == nil)
    }

    @Test("A flipped bit in a trailer and bytes after it are refused")
    func damagedTrailers() {
        let stream = Sample.sealed(Sample.encode(content))
        let writer = ByteWriter()
        writer.writeRaw(stream)
        writer.writeInt64(9)
        writer.writeInt32(2)
        writer.writeInt64(-77)
        let digested = Sample.sealed(writer.bytes)
        for index in stream.count..<digested.count {
            var damaged = digested
            damaged[index] ^= 0x10
            #expect(throws: SnapshotFault.self) { try Sample.decode(damaged) }
        }
        for extra in 1...200 {
            let longer = digested + [UInt8](repeating: 0, count: extra)
            #expect(throws: SnapshotFault.self) { try Sample.decode(longer) }
        }
    }

    @Test("S-35: a field above its limit is refused before its bytes have come")
    func limits() {
        func fault(_ stream: [UInt8]) -> SnapshotFault.Reason? {
            do throws(SnapshotFault) {
                _ = try Sample.decode(stream, chunk: 3)
                return nil
            } catch {
                return error.reason
            }
        }
        let start = Array(Sample.encode(RecordingSink()).dropLast(5))
        let writer = ByteWriter()
        writer.writeRaw(start)
        writer.writeInt32(0x7FFF_FFFF)
        writer.writeInt8(0)
        #expect(
            fault(writer.bytes)
                == .fieldTooLong(field: "path", length: 0x7FFF_FFFF, limit: 1024 * 1024))
        writer.removeAll()
        writer.writeRaw(start)
        writer.writeString("")
        writer.writeInt32(0x7FFF_0000)
        writer.writeInt8(0)
        #expect(
            fault(writer.bytes)
                == .fieldTooLong(field: "data", length: 0x7FFF_0000, limit: 64 * 1024 * 1024))
        writer.removeAll()
        writer.writeRaw(Array(start.dropLast(4)))
        writer.writeInt32(1)
        writer.writeInt64(1)
        writer.writeInt32(0x7FFF_0000)
        #expect(
            fault(writer.bytes)
                == .fieldTooLong(
                    field: "access control list", length: 0x7FFF_0000 * 12, limit: 4 * 1024 * 1024))
    }

    @Test("What a sink objects to is a fault at the record's place")
    func objections() {
        var stream = RecordingSink()
        stream.nodes = [.init(path: "", data: nil, acl: -1, stat: Sample.stat(0))]
        stream.nodes.append(.init(path: "/a", data: nil, acl: 7, stat: Sample.stat(1)))
        var decoder = SnapshotStreamDecoder()
        var sink = ObjectingSink()
        #expect(
            throws: SnapshotFault(.badValue("no such list"), in: .content, at: 16 + 8 + 76)
        ) {
            try Sample.encode(stream).withByteView { _ = try decoder.consume($0, into: &sink) }
        }
    }

    @Test("The root comes first and once, and every other path begins with a slash")
    func paths() {
        for paths in [["/a"], ["", ""], ["", "a"], ["", "/a", ""]] {
            var content = RecordingSink()
            content.nodes = paths.map {
                .init(path: $0, data: nil, acl: -1, stat: Sample.stat(0))
            }
            let stream = Sample.sealed(Sample.encode(content))
            #expect(throws: SnapshotFault.self) { try Sample.decode(stream) }
        }
    }
}

/// Refuses the znode with access control list 7.
private struct ObjectingSink: SnapshotSink {
    mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) {}
    mutating func addACL(id: Int64, acl: ByteView) {}
    mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) throws(DecodeError) {
        if acl == 7 { throw DecodeError(.badValue("no such list"), offset: 0) }
    }
}
