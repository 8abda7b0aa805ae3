import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

/// A client that goes from server to server with its session, and holds every reply against what it
/// knows: each request is answered at most once and in order, nothing that was acknowledged is
/// missing, nothing that it has seen is undone.
final class ClusterClient {
    enum Request {
        case create(String)
        case createBoth(String, String)
        case increment
        case incrementShared
        case delete(String)
        case read
        /// - Parameter floor: what had been acknowledged of the shared counter when it was asked for.
        case sync(floor: Int32)
        case readShared(floor: Int32)
        case ping
        case close
    }

    /// What is known of a znode of the client's own.
    enum Knowledge {
        case exists, gone, unknown
    }

    let number: Int
    var counter: String { "/count\(number)" }
    private(set) var member: Member?
    private(set) var connection: ConnectionID?
    private(set) var session = SessionID.none
    private var lastZxidSeen = Zxid.zero
    private var isConnected = false
    /// It has asked for its session's end.
    private var isClosing = false
    private(set) var ephemerals: Set<String> = []
    private var xid: Int32 = 0
    private var names = 0
    private var owed: [(xid: Int32, request: Request)] = []

    private(set) var knowledge: [String: Knowledge] = [:]
    /// Increments of the own counter: acknowledged, and those whose fate is not known.
    private(set) var acknowledged: Int32 = 0
    private(set) var unknown: Int32 = 0
    private(set) var sharedAcknowledged: Int32 = 0
    private(set) var sharedUnknown: Int32 = 0
    /// The counter's highest version that a reply has told.
    private var seenVersion: Int32 = 0
    private var confirmedFloor: Int32 = 0
    private(set) var answeredCount = 0
    private(set) var complaints: [String] = []

    init(_ number: Int) { self.number = number }

    var owedCount: Int { owed.count }

    private func expect(_ condition: Bool, _ complaint: @autoclosure () -> String) {
        if !condition { complaints.append("client \(number): \(complaint())") }
    }

    // MARK: Connections

    func connect(to member: Member) {
        self.member = member
        let client = member.open()
        connection = client.id
        isConnected = false
        client.handshake(
            timeoutMilliseconds: 2000, session: session,
            password: session == .none
                ? [UInt8](repeating: 0, count: 16) : SessionPassword.password(for: session),
            lastZxidSeen: lastZxidSeen)
    }

    /// The connection is gone, by whoever's doing: what is owed may have happened or not.
    func disconnected() {
        for (_, request) in owed { forget(request) }
        owed.removeAll()
        connection = nil
        isConnected = false
        if isClosing { loseSession() }
        isClosing = false
    }

    private func forget(_ request: Request) {
        switch request {
        case .create(let path), .delete(let path): knowledge[path] = .unknown
        case .createBoth(let one, let other):
            knowledge[one] = .unknown
            knowledge[other] = .unknown
        case .increment: unknown += 1
        case .incrementShared: sharedUnknown += 1
        case .read, .sync, .readShared, .ping, .close: break
        }
    }

    // MARK: Requests

    func send(_ random: inout SplitMix, sharedFloor: Int32) {
        guard isConnected, connection != nil, !isClosing else { return }
        switch random.below(101) {
        case 0..<25: create(random.chance(30) ? .ephemeral : .persistent)
        case 25..<35: createBoth()
        case 35..<55: increment(counter, .increment)
        case 55..<65: increment("/shared", .incrementShared)
        case 65..<75: deleteOne(&random)
        case 75..<88: read(counter, .read)
        case 88..<94:
            request(.sync(floor: sharedFloor), .sync) { $0.writeString("/shared") }
            read("/shared", .readShared(floor: sharedFloor))
        case 94..<100: request(.ping, .ping) { _ in }
        default:
            isClosing = true
            request(.close, .closeSession) { _ in }
        }
    }

    func ping() {
        guard isConnected, !isClosing else { return }
        request(.ping, .ping) { _ in }
    }

    private func request(_ request: Request, _ op: OpCode, _ write: (ByteWriter) -> Void) {
        guard let member, let connection else { return }
        xid += 1
        let sent = op == .ping ? SpecialXid.ping : xid
        owed.append((sent, request))
        member.bytes(connection, TestClient.frame(xid: sent, type: op.rawValue, write))
    }

    private func nextName() -> String {
        names += 1
        return "/c\(number)-\(names)"
    }

    private func create(_ mode: CreateMode) {
        let path = nextName()
        if mode == .ephemeral { ephemerals.insert(path) }
        request(.create(path), .create) { $0.writeCreate(path, "", mode) }
    }

    private func createBoth() {
        let (one, other) = (nextName(), nextName())
        request(.createBoth(one, other), .multi) {
            $0.writePart(.create) { $0.writeCreate(one, "") }
            $0.writePart(.create) { $0.writeCreate(other, "") }
            $0.writeMultiEnd()
        }
    }

    private func increment(_ path: String, _ kind: Request) {
        request(kind, .setData) {
            $0.writeString(path)
            $0.writeString("x")
            $0.writeInt32(-1)
        }
    }

    private func deleteOne(_ random: inout SplitMix) {
        let known = knowledge.filter { $0.value == .exists }.keys.sorted()
        guard !known.isEmpty else { return }
        let path = known[random.below(known.count)]
        // Not chosen again while it is under way.
        knowledge[path] = .unknown
        request(.delete(path), .delete) {
            $0.writeString(path)
            $0.writeInt32(-1)
        }
    }

    private func read(_ path: String, _ kind: Request) {
        request(kind, .exists) {
            $0.writeString(path)
            $0.writeBool(false)
        }
    }

    // MARK: Replies

    /// Takes what has arrived.
    func receive() {
        guard let member, let connection,
            let output = member.core.connections[connection]?.output
        else { return }
        let bytes = output.bytes
        output.removeAll()
        for frame in TestClient.frames(bytes) {
            frame.withByteView { view in
                var reader = JuteReader(view)
                isConnected ? receive(&reader) : receiveHandshake(&reader)
            }
        }
    }

    private func receiveHandshake(_ reader: inout JuteReader) {
        guard let response = try? reader.readConnectResponse() else {
            return complaints.append("client \(number): no connect response")
        }
        if response.session == .none {
            loseSession()
        } else {
            session = response.session
            isConnected = true
        }
    }

    /// Ephemerals go with it.
    private func loseSession() {
        session = .none
        for path in ephemerals { knowledge[path] = .unknown }
        ephemerals.removeAll()
    }

    private func receive(_ reader: inout JuteReader) {
        guard let reply = try? reader.readReply(), !owed.isEmpty else {
            return complaints.append("client \(number): a reply to nothing")
        }
        let (xid, request) = owed.removeFirst()
        expect(reply.xid == xid, "xid \(reply.xid) in place of \(xid)")
        lastZxidSeen = max(lastZxidSeen, reply.zxid)
        answeredCount += 1
        let error = ErrorCode(rawValue: reply.error) ?? .systemError
        if error == .sessionMoved || error == .sessionExpired { return forget(request) }
        take(request, error, &reader)
    }

    private func take(_ request: Request, _ error: ErrorCode, _ body: inout JuteReader) {
        switch request {
        case .create(let path):
            expect(error == .ok, "\(error) for the new \(path)")
            knowledge[path] = .exists
        case .createBoth(let one, let other):
            expect(error == .ok, "\(error) for the new \(one)")
            knowledge[one] = .exists
            knowledge[other] = .exists
        case .delete(let path):
            expect(error == .ok, "\(error) for \(path), which was there")
            knowledge[path] = .gone
        case .increment:
            expect(error == .ok, "\(error) for the counter")
            acknowledged += 1
            note((try? body.readStat())?.version ?? -1)
        case .incrementShared:
            expect(error == .ok, "\(error) for the shared counter")
            sharedAcknowledged += 1
        case .read: note((try? body.readStat())?.version ?? -1)
        case .sync(let floor):
            expect(error == .ok, "\(error) for a sync")
            confirmedFloor = max(confirmedFloor, floor)
        case .readShared(let floor):
            let version = (try? body.readStat())?.version ?? -1
            expect(version >= floor, "\(version) after a sync, \(floor) were acknowledged before")
        case .ping: expect(error == .ok, "\(error) for a ping")
        case .close: expect(error == .ok, "\(error) for the end of the session")
        }
    }

    /// A version of the own counter.
    private func note(_ version: Int32) {
        expect(version >= acknowledged, "version \(version) after \(acknowledged) increments")
        expect(version >= seenVersion, "version \(version) after \(seenVersion) was seen")
        seenVersion = max(seenVersion, version)
    }
}

extension JuteReader {
    fileprivate mutating func readReply() throws -> (xid: Int32, zxid: Zxid, error: Int32) {
        (try readInt32(), Zxid(rawValue: try readInt64()), try readInt32())
    }
}
