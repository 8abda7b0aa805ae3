import Snapshot
import Storage
import ZKWire

/// A sink that remembers, for comparison.
struct RecordingSink: SnapshotSink, Equatable {
    struct Node: Equatable {
        var path: String
        var data: [UInt8]?
        var acl: Int64
        var stat: StatPersisted
    }

    var sessions: [SessionID: Int32] = [:]
    var acls: [Int64: [UInt8]] = [:]
    var nodes: [Node] = []

    mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) {
        sessions[session] = timeoutMilliseconds
    }

    mutating func addACL(id: Int64, acl: ByteView) { acls[id] = [UInt8](acl) }

    mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) {
        nodes.append(
            Node(path: path.text, data: data.map { [UInt8]($0) }, acl: acl, stat: copy stat))
    }
}

/// Small snapshot contents.
enum Sample {
    static let directory = "data/zknode/snapshot"

    static func stat(_ number: Int64, owner: Int64 = 0) -> StatPersisted {
        StatPersisted(
            czxid: Zxid(rawValue: number), mzxid: Zxid(rawValue: number + 1),
            ctime: 1_700_000_000_000 + number, mtime: 1_700_000_000_500 + number,
            version: Int32(number), cversion: 2, aversion: 3, ephemeralOwner: owner,
            pzxid: Zxid(rawValue: number + 2))
    }

    /// Two sessions, two access control lists and `count` znodes below the root.
    static func content(nodes count: Int = 6) -> RecordingSink {
        var content = RecordingSink()
        content.sessions = [
            SessionID(rawValue: 0x1_0000_0001): 4000, SessionID(rawValue: 0x2_0000_0002): 30000,
        ]
        let acl = ByteWriter()
        acl.writeACL(ACLEntry.readUnsafe)
        content.acls[1] = acl.bytes
        acl.writeRaw([])
        acl.removeAll()
        acl.writeACL([
            ACLEntry(permissions: .all, identity: Identity(scheme: "digest", id: "a:b")),
            ACLEntry(permissions: .read, identity: .anyone),
        ])
        content.acls[2] = acl.bytes
        content.nodes.append(.init(path: "", data: [], acl: -1, stat: stat(0)))
        for number in 0..<count {
            let data: [UInt8]? =
                number % 5 == 4
                ? nil : [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 90)
            content.nodes.append(
                .init(
                    path: "/node-\(number)", data: data, acl: [-1, 1, 2][number % 3],
                    stat: stat(Int64(number), owner: number == 3 ? 0x1_0000_0001 : 0)))
        }
        return content
    }

    /// Apache's stream up to and including the end of the nodes.
    static func encode(_ content: RecordingSink, into writer: ByteWriter = ByteWriter()) -> [UInt8]
    {
        writer.writeInt32(SnapshotFormat.streamMagic)
        writer.writeInt32(SnapshotFormat.streamVersion)
        writer.writeInt64(SnapshotFormat.streamDatabaseID)
        writer.writeInt32(Int32(content.sessions.count))
        for (session, timeout) in content.sessions.sorted(by: { $0.key < $1.key }) {
            writer.writeInt64(session.rawValue)
            writer.writeInt32(timeout)
        }
        writer.writeInt32(Int32(content.acls.count))
        for (id, acl) in content.acls.sorted(by: { $0.key < $1.key }) {
            writer.writeInt64(id)
            writer.writeRaw(acl)
        }
        for node in content.nodes {
            writer.writeString(node.path)
            if let data = node.data { writer.writeBuffer(data) } else { writer.writeNullBuffer() }
            writer.writeInt64(node.acl)
            writer.writeStatPersisted(node.stat)
        }
        writer.writeString("/")
        return writer.bytes
    }

    /// `stream` with the seal that Apache puts after what has been written so far.
    static func sealed(_ stream: [UInt8]) -> [UInt8] {
        var checksum = Adler32()
        stream.withByteView { checksum.update($0) }
        let writer = ByteWriter()
        writer.writeRaw(stream)
        writer.writeInt64(Int64(checksum.value))
        writer.writeString("/")
        return writer.bytes
    }

    static func end(_ content: RecordingSink, at zxid: Zxid) -> SnapshotEnd {
        SnapshotEnd(
            endZxid: zxid, chain: 0x1122_3344, znodeCount: UInt64(content.nodes.count),
            sessionCount: UInt64(content.sessions.count))
    }

    static let origin = SnapshotOrigin(ensembleID: 0xA1A2_A3A4_A5A6_A7A8, generation: 3)

    /// Writes `content` in pieces of `chunk` bytes.
    @discardableResult
    static func write<D: Disk>(
        _ content: RecordingSink, on disk: D, startZxid: Zxid, endZxid: Zxid? = nil,
        chunk: Int = 1000
    ) throws(SnapshotError) -> SnapshotFooter {
        var writer = try SnapshotWriter(
            disk, directory: directory, startZxid: startZxid, origin: origin)
        let stream = encode(content)
        var position = 0
        while position < stream.count {
            let piece = Array(stream[position..<min(position + chunk, stream.count)])
            try piece.withByteView { (view) throws(SnapshotError) in try writer.append(view) }
            position += chunk
        }
        return try writer.finish(end(content, at: endZxid ?? startZxid))
    }

    /// Decodes a stream in pieces of `chunk` bytes.
    static func decode(
        _ stream: [UInt8], chunk: Int = 4096, limits: SnapshotLimits = SnapshotLimits()
    ) throws(SnapshotFault) -> (RecordingSink, SnapshotContentSummary) {
        var decoder = SnapshotStreamDecoder(limits: limits)
        var sink = RecordingSink()
        var position = 0
        while position < stream.count {
            let piece = Array(stream[position..<min(position + chunk, stream.count)])
            try piece.withByteView { (view) throws(SnapshotFault) in
                _ = try decoder.consume(view, into: &sink)
            }
            position += chunk
        }
        return (sink, try decoder.finish())
    }
}
