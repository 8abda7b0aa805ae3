import DataTree
import ZKWire

/// Reads the stream that a walk wrote, without the file around it.
func loadSnapshot(
    _ bytes: [UInt8], zxid: Zxid, seed: UInt64 = 1, keepsDigest: Bool = false
) throws -> DataTree {
    try bytes.withByteView { (view: ByteView) throws(any Error) -> DataTree in
        var reader = JuteReader(view)
        var loader = TreeLoader(seed: seed, keepsDigest: keepsDigest)
        guard try reader.readInt32() == SnapshotWalk.magic, try reader.readInt32() == 2,
            try reader.readInt64() == -1
        else { throw DecodeError(.badValue("file header"), offset: 0) }
        for _ in 0..<(try reader.readInt32()) {
            let id = SessionID(rawValue: try reader.readInt64())
            loader.addSession(id, timeoutMilliseconds: try reader.readInt32())
        }
        for _ in 0..<(try reader.readInt32()) {
            let id = try reader.readInt64()
            try loader.addACL(id: id, acl: try reader.readACLView())
        }
        var path = try reader.readBuffer()
        while path.count != 1 {
            try loader.addNode(
                path: path, data: try reader.readNullableBuffer(), acl: try reader.readInt64(),
                stat: try reader.readStatPersisted())
            path = try reader.readBuffer()
        }
        guard reader.remaining == 0 else {
            throw DecodeError(
                .badValue("\(reader.remaining) bytes after the end"), offset: reader.offset)
        }
        return try loader.finish(lastProcessedZxid: zxid)
    }
}

extension DataTree {
    /// A snapshot made in one go.
    func snapshot() -> [UInt8] {
        let writer = ByteWriter()
        let walk = beginWalk(into: writer)
        while walk.next(maximumBytes: 4096, into: writer) {}
        return writer.bytes
    }
}
