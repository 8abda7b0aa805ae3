// A client of the ensemble: the client protocol's bytes over the simulated network, from server to
// server with one session, and everything that it is told is held against the ghost's record.

import ServerCore
import ZKWire
import Zab

final class SimulatedClient: CustomStringConvertible {
    enum State: Equatable {
        case away
        case connecting
        case open
    }

    unowned let world: World
    let number: Int
    var chance: Chance
    private(set) var state = State.away
    private var wire: Socket?
    private var input: [UInt8] = []
    private var attempt = 0
    private var lastHeard = Int64(0)
    private(set) var session = SessionID.none
    private(set) var password = [UInt8](repeating: 0, count: 16)
    private(set) var lastZxid = Zxid.zero
    private let timeoutMilliseconds: Int32
    private var xid: Int32 = 0
    /// Sent and not answered, in order.
    var owed: [Request] = []
    var watches: [String: Watch] = [:]
    /// The watches that were set before have been set again on this connection.
    var areWatchesSet = true
    var names = 0
    /// Sequential znodes that this client has made and not deleted.
    var queued: [String] = []
    /// No more requests of chance.
    private var isResting = false
    /// A write has to be answered since then.
    private var isWaitingForService = false
    private var isServedSince = false
    private var isEnding = false

    init(_ world: World, _ number: Int, _ chance: Chance) {
        self.world = world
        self.number = number
        self.chance = chance
        timeoutMilliseconds = Int32(1000 * self.chance.within(2...6))
    }

    var host: Host { Host(number: 101 + number) }
    var isServed: Bool { isServedSince && state == .open }
    var hasComeToRest: Bool { isResting && owed.isEmpty && state == .open }

    var description: String {
        "\(host): \(state) \(session) owed \(owed.count) served \(isServedSince) at \(lastZxid)"
    }

    // MARK: The course of a client

    func start() {
        connect()
        tick()
    }

    /// From now on a write has to succeed before the client counts as served.
    func expectService() {
        isWaitingForService = true
        isServedSince = false
    }

    func rest() { isResting = true }

    private func tick() {
        let period = Span.milliseconds(Int64(timeoutMilliseconds) / 3)
        world.after(period) { [self] in
            let silence = world.now - lastHeard
            if state == .open, silence > Int64(timeoutMilliseconds) * 1_000_000 * 2 / 3 {
                disconnect()
            } else if state == .open {
                sendPing()
            }
            tick()
        }
    }

    private func think() {
        let attempt = attempt
        world.after(chance.span(.milliseconds(1) ... .milliseconds(200))) { [self] in
            guard state == .open, attempt == self.attempt else { return }
            if owed.count < 4, !isEnding {
                if isResting {
                } else if isWaitingForService, !isServedSince, owed.isEmpty {
                    sendServiceWrite()
                } else {
                    sendRandom()
                }
            }
            think()
        }
    }

    // MARK: Connecting

    private func connect() {
        guard state == .away else { return }
        state = .connecting
        attempt += 1
        let attempt = attempt
        let servers = world.options.members.map { Host(number: Int($0.rawValue)) }
        let server = chance.pick(servers)
        world.network.connect(host, to: server, .client, timeout: .seconds(1)) { [self] wire in
            guard let wire, attempt == self.attempt, state == .connecting else {
                wire?.close()
                if attempt == self.attempt { connectLater() }
                return
            }
            take(wire)
        }
        // Neither an answer nor a refusal.
        world.after(.milliseconds(Int64(timeoutMilliseconds))) { [self] in
            if attempt == self.attempt, state == .connecting { disconnect() }
        }
    }

    private func connectLater() {
        state = .away
        attempt += 1
        world.after(chance.span(.milliseconds(10) ... .milliseconds(600))) { [self] in connect() }
    }

    private func take(_ wire: Socket) {
        self.wire = wire
        input = []
        wire.own { [self] payload in
            guard case .bytes(let bytes) = payload, self.wire === wire else { return }
            received(bytes)
        } ended: { [self] in
            if self.wire === wire { disconnect() }
        }
        let frame = ByteWriter()
        frame.writeFrame(
            ConnectRequest(
                lastZxidSeen: lastZxid, timeoutMilliseconds: timeoutMilliseconds,
                session: session, password: password, acceptsReadOnly: false,
                hasReadOnlyByte: true))
        wire.send(.bytes(frame.bytes))
    }

    /// Nobody knows what became of what is owed.
    func disconnect() {
        wire?.close()
        wire = nil
        isEnding = false
        for request in owed { forget(request) }
        owed = []
        connectLater()
    }

    private func forget(_ request: Request) {
        if request.isWrite { world.figures.lostRequests += 1 }
    }

    /// The session is over: another one begins.
    func startOver() {
        session = .none
        password = [UInt8](repeating: 0, count: 16)
        lastZxid = .zero
        watches = [:]
        isEnding = false
        disconnect()
    }

    func noteEnding() { isEnding = true }

    // MARK: Bytes

    func send(xid: Int32, _ type: OpCode, _ write: (ByteWriter) -> Void) {
        let frame = ByteWriter()
        let start = frame.beginFrame()
        frame.writeInt32(xid)
        frame.writeInt32(type.rawValue)
        write(frame)
        frame.endFrame(start)
        wire?.send(.bytes(frame.bytes))
    }

    func nextXid() -> Int32 {
        xid += 1
        return xid
    }

    private func received(_ bytes: [UInt8]) {
        lastHeard = world.now
        input += bytes
        while input.count >= 4, wire != nil {
            let length = input[0..<4].reduce(0) { $0 << 8 | Int($1) }
            guard input.count >= 4 + length else { return }
            let frame = Array(input[4..<(4 + length)])
            input.removeFirst(4 + length)
            frame.withByteView { handle($0) }
        }
    }

    private func handle(_ frame: ByteView) {
        var reader = JuteReader(frame)
        do throws(DecodeError) {
            if state == .connecting {
                connected(try reader.readConnectResponse())
            } else {
                let reply = Reply(
                    xid: try reader.readInt32(), zxid: Zxid(rawValue: try reader.readInt64()),
                    error: ErrorCode(rawValue: try reader.readInt32()) ?? .systemError,
                    body: reader.rest)
                handle(reply)
            }
        } catch {
            world.ghost.fail("C-00", "\(host) cannot read a reply: \(error)")
        }
    }

    private func connected(_ response: ConnectResponse) {
        guard response.timeoutMilliseconds > 0 else {
            world.note(host, "session \(session) is refused")
            world.figures.expiredSessions += session == .none ? 0 : 1
            return startOver()
        }
        if session == .none {
            world.figures.sessions += 1
            xid = 0
        } else {
            world.ghost.expect(
                response.session == session, "C-08",
                "\(host) came with \(session) and was given \(response.session)")
        }
        session = response.session
        password = response.password
        state = .open
        world.note(host, "is connected with session \(session)")
        areWatchesSet = watches.isEmpty
        if !watches.isEmpty { sendWatchesAgain() }
        think()
    }

    /// P: what a session has seen never goes back (C-03).
    func note(_ zxid: Zxid) {
        world.ghost.expect(
            zxid >= lastZxid, "C-03", "\(host) has seen \(lastZxid) and is told \(zxid)")
        lastZxid = max(lastZxid, zxid)
    }

    func noteServed() { if isWaitingForService { isServedSince = true } }
}

/// A request that is not answered yet.
struct Request {
    enum Kind {
        case write(OpCode)
        case serviceWrite
        /// A write that no server may carry out.
        case refused
        case getData(String, watches: Bool)
        case exists(String, watches: Bool)
        case getChildren(String)
        case sync
        case close
    }

    let xid: Int32
    let kind: Kind
    /// What some client had been told to be done when this was sent.
    let floor: Zxid

    var isWrite: Bool {
        switch kind {
        case .write, .serviceWrite, .refused, .close: true
        case .getData, .exists, .getChildren, .sync: false
        }
    }
}

/// A watch that was left by a read.
struct Watch {
    /// What the client knew of the path.
    let zxid: Zxid
    /// Of a znode that was there.
    let isData: Bool
}

struct Reply {
    let xid: Int32
    let zxid: Zxid
    let error: ErrorCode
    let body: ByteView
}
