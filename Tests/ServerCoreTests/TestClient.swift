import DataTree
import ServerCore
import ZKWire
import Zab

/// What a client of a test is connected to.
protocol TestServer: AnyObject {
    var core: ServerCore { get }
    func step(_ event: Event)
    /// Lets everything that is in flight come to its end.
    func sync()
}

extension TestServer {
    func bytes(_ id: ConnectionID, _ bytes: [UInt8]) {
        bytes.withByteView { step(.bytesReceived(id, $0)) }
    }
}

/// A frame that a client got.
struct Reply: Equatable {
    var xid: Int32
    var zxid: Zxid
    var error: ErrorCode
    var body: [UInt8]

    /// The body as a reader sees it.
    func read<T>(_ body: (inout JuteReader) throws -> T) rethrows -> T {
        try self.body.withUnsafeBytes { bytes in
            var reader = JuteReader(ByteView(bytes))
            return try body(&reader)
        }
    }

    var stat: Stat? { try? read { try $0.readStat() } }
}

/// The far end of a connection.
final class TestClient {
    let harness: any TestServer
    let id: ConnectionID
    private(set) var session = SessionID.none
    private(set) var password = [UInt8](repeating: 0, count: 16)
    private var xid: Int32 = 0

    init(harness: any TestServer, id: ConnectionID) {
        self.harness = harness
        self.id = id
    }

    func handshake(
        timeoutMilliseconds: Int32 = 1000, session: SessionID = .none,
        password: [UInt8] = [UInt8](repeating: 0, count: 16), lastZxidSeen: Zxid = .zero,
        acceptsReadOnly: Bool = false
    ) {
        let frame = ByteWriter()
        frame.writeFrame(
            ConnectRequest(
                protocolVersion: 0, lastZxidSeen: lastZxidSeen,
                timeoutMilliseconds: timeoutMilliseconds, session: session, password: password,
                acceptsReadOnly: acceptsReadOnly, hasReadOnlyByte: true))
        harness.bytes(id, frame.bytes)
    }

    func connectResponse() -> ConnectResponse? {
        guard let frame = takeFrames().first else { return nil }
        let response = frame.withUnsafeBytes { bytes in
            var reader = JuteReader(ByteView(bytes))
            return try? reader.readConnectResponse()
        }
        session = response?.session ?? .none
        password = response?.password ?? []
        return response
    }

    /// Sends a request without waiting; returns its xid.
    @discardableResult
    func send(_ op: OpCode, _ write: (ByteWriter) -> Void = { _ in }) -> Int32 {
        send(type: op.rawValue, write)
    }

    @discardableResult
    func send(type: Int32, _ write: (ByteWriter) -> Void = { _ in }) -> Int32 {
        xid += 1
        harness.bytes(id, TestClient.frame(xid: xid, type: type, write))
        return xid
    }

    static func frame(xid: Int32, type: Int32, _ write: (ByteWriter) -> Void) -> [UInt8] {
        let frame = ByteWriter()
        let start = frame.beginFrame()
        frame.writeInt32(xid)
        frame.writeInt32(type)
        write(frame)
        frame.endFrame(start)
        return frame.bytes
    }

    /// Sends a request, lets it commit and returns its reply.
    @discardableResult
    func call(_ op: OpCode, _ write: (ByteWriter) -> Void = { _ in }) -> Reply? {
        let xid = send(op, write)
        harness.sync()
        return replies().last { $0.xid == xid }
    }

    /// Everything that has arrived since the last look.
    func replies() -> [Reply] {
        takeFrames().map { frame in
            frame.withUnsafeBytes { bytes in
                var reader = JuteReader(ByteView(bytes))
                let xid = (try? reader.readInt32()) ?? 0
                let zxid = Zxid(rawValue: (try? reader.readInt64()) ?? 0)
                let error = ErrorCode(rawValue: (try? reader.readInt32()) ?? 0) ?? .systemError
                return Reply(xid: xid, zxid: zxid, error: error, body: [UInt8](reader.rest))
            }
        }
    }

    /// The contents of the frames that `bytes` are made of.
    static func frames(_ bytes: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var offset = 0
        while offset < bytes.count {
            let length = bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) }
            frames.append(Array(bytes[(offset + 4)..<(offset + 4 + length)]))
            offset += 4 + length
        }
        return frames
    }

    private func takeFrames() -> [[UInt8]] {
        guard let output = harness.core.connections[id]?.output else { return [] }
        let bytes = output.bytes
        output.removeAll()
        return TestClient.frames(bytes)
    }
}

extension TestClient {
    @discardableResult
    func create(
        _ path: String, _ data: String = "", mode: CreateMode = .persistent,
        acl: [ACLEntry] = ACLEntry.openUnsafe
    ) -> Reply? {
        call(.create) { $0.writeCreate(path, data, mode, acl) }
    }

    @discardableResult
    func set(_ path: String, _ data: String, version: Int32 = -1) -> Reply? {
        call(.setData) {
            $0.writeString(path)
            $0.writeString(data)
            $0.writeInt32(version)
        }
    }

    @discardableResult
    func delete(_ path: String, version: Int32 = -1) -> Reply? {
        call(.delete) {
            $0.writeString(path)
            $0.writeInt32(version)
        }
    }

    func get(_ path: String, watch: Bool = false) -> Reply? { read(.getData, path, watch) }
    func exists(_ path: String, watch: Bool = false) -> Reply? { read(.exists, path, watch) }

    func read(_ op: OpCode, _ path: String, _ watch: Bool) -> Reply? {
        call(op) {
            $0.writeString(path)
            $0.writeBool(watch)
        }
    }

    func authenticate(_ credential: String) {
        harness.bytes(
            id,
            TestClient.frame(xid: SpecialXid.auth, type: OpCode.auth.rawValue) {
                $0.writeInt32(0)
                $0.writeString("digest")
                $0.writeString(credential)
            })
    }
}

extension ByteWriter {
    func writeCreate(
        _ path: String, _ data: String, _ mode: CreateMode = .persistent,
        _ acl: [ACLEntry] = ACLEntry.openUnsafe
    ) {
        writeString(path)
        writeString(data)
        writeACL(acl)
        writeInt32(mode.rawValue)
    }

    /// A part of a multi.
    func writePart(_ op: OpCode, _ write: (ByteWriter) -> Void) {
        writeMultiHeader(type: op.rawValue, isDone: false, error: -1)
        write(self)
    }

    func writeMultiEnd() { writeMultiHeader(type: -1, isDone: true, error: -1) }
}
