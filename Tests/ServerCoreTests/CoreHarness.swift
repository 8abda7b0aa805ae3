import DataTree
import ServerCore
import ZKWire
import Zab

/// A core with a clock in hand and a log that is durable when the test says so.
final class CoreHarness {
    let core: ServerCore
    private(set) var effects = Effects()
    var now: Now
    private var lastConnection: UInt64 = 0
    /// Closed connections and why, in order.
    private(set) var closed: [(connection: ConnectionID, reason: CloseReason)] = []
    private(set) var paused: [ConnectionID] = []
    private(set) var resumed: [ConnectionID] = []
    private(set) var notices: [Notice] = []
    private(set) var words: [FourLetterRequest] = []
    /// Every payload that went to the log, for replay.
    private(set) var logged: [TxnBatch] = []
    private var unsynced: [TxnBatch] = []
    private(set) var isSnapshotDue = false

    init(tree: DataTree = DataTree(), _ configure: (inout CoreConfiguration) -> Void = { _ in }) {
        var configuration = CoreConfiguration()
        configuration.tick = .milliseconds(100)
        configuration.minimumSessionTimeoutMilliseconds = 200
        configuration.maximumSessionTimeoutMilliseconds = 10_000
        configure(&configuration)
        now = Now(
            monotonic: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)
        core = ServerCore(
            configuration: configuration,
            zab: ZabConfiguration(
                serverID: configuration.serverID, membership: Membership([configuration.serverID])),
            durable: DurableState(
                epochs: Epochs(accepted: Epoch(rawValue: 0), current: Epoch(rawValue: 0)),
                lastZxid: tree.lastProcessedZxid, isBlank: false),
            tree: tree, now: now)
        step(.started)
    }

    func step(_ event: Event) {
        core.step(event, now: now, into: &effects)
        collect()
    }

    private func collect() {
        unsynced += effects.zab.append
        logged += effects.zab.append
        closed += effects.close.map { ($0.connection, $0.reason) }
        paused += effects.pauseReading
        resumed += effects.resumeReading
        notices += effects.notices
        words += effects.fourLetterWords
        isSnapshotDue = isSnapshotDue || effects.isSnapshotDue
        for connection in effects.output { connection.outputTaken() }
        effects.removeAll()
    }

    /// Proposals of this turn reach the log and become durable.
    func sync() {
        step(.turnEnded)
        guard let last = unsynced.last?.lastZxid else { return }
        unsynced.removeAll()
        step(.zab(.appended(upTo: last)))
        // What was committed may have made room for more.
        if !core.isTurnEmpty || !unsynced.isEmpty { sync() }
    }

    /// The oldest batch that was handed over, and no other, becomes durable.
    func syncOldest() {
        guard let zxid = unsynced.first?.lastZxid else { return }
        unsynced.removeFirst()
        step(.zab(.appended(upTo: zxid)))
    }

    func advance(milliseconds: Int64) {
        now.monotonic.nanoseconds += milliseconds * 1_000_000
        now.wallMilliseconds += milliseconds
    }

    /// Lets time pass tick by tick, as a running loop sees it.
    func run(milliseconds: Int64) {
        for _ in 0..<(milliseconds / 50) {
            advance(milliseconds: 50)
            step(.tick)
            sync()
        }
    }

    // MARK: Clients

    func open(host: String = "127.0.0.1") -> TestClient {
        lastConnection += 1
        let id = ConnectionID(rawValue: lastConnection)
        step(.connectionOpened(id, address: PeerAddress(host: host, port: 40_000)))
        return TestClient(harness: self, id: id)
    }

    /// A client with a session.
    func connect(host: String = "127.0.0.1", timeoutMilliseconds: Int32 = 1000) -> TestClient {
        let client = open(host: host)
        client.handshake(timeoutMilliseconds: timeoutMilliseconds)
        sync()
        _ = client.connectResponse()
        return client
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
    let harness: CoreHarness
    let id: ConnectionID
    private(set) var session = SessionID.none
    private(set) var password = [UInt8](repeating: 0, count: 16)
    private var xid: Int32 = 0

    init(harness: CoreHarness, id: ConnectionID) {
        self.harness = harness
        self.id = id
    }

    func handshake(
        timeoutMilliseconds: Int32 = 1000, session: SessionID = .none,
        password: [UInt8] = [UInt8](repeating: 0, count: 16), lastZxidSeen: Zxid = .zero
    ) {
        let frame = ByteWriter()
        frame.writeFrame(
            ConnectRequest(
                protocolVersion: 0, lastZxidSeen: lastZxidSeen,
                timeoutMilliseconds: timeoutMilliseconds, session: session, password: password,
                acceptsReadOnly: false, hasReadOnlyByte: true))
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

    private func takeFrames() -> [[UInt8]] {
        guard let output = harness.core.connections[id]?.output else { return [] }
        let bytes = output.bytes
        output.removeAll()
        return CoreHarness.frames(bytes)
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
