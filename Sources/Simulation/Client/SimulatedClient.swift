// A client of the ensemble: the client protocol's bytes over the simulated network, from server to
// server with one session, and everything that it is told is held against the ghost's record.

import ServerCore
import ZKWire
import Zab

package final class SimulatedClient: CustomStringConvertible {
    enum State: Equatable {
        case away
        case connecting
        case open
    }

    let run: Run
    let ghost: Ghost
    private let network: Network
    let number: Int
    var chance: Chance
    private(set) var state = State.away
    private var wire: Socket?
    /// Of what has come, what is not a whole reply yet.
    private var input: [UInt8] = []
    private var attempt = 0
    private var lastHeard = Int64(0)
    package var session = SessionID.none
    private(set) var password = [UInt8](repeating: 0, count: 16)
    private(set) var lastZxid = Zxid.zero
    private let timeoutMilliseconds: Int32
    private var xid: Int32 = 0
    /// Sent and not answered, in order.
    package var owed: [Request] = []
    var watches: ClientWatches
    /// What the client had seen when it set its watches again.
    private(set) var watchesAsOf = Zxid.zero
    /// Has the password that opens what is not everybody's.
    let isPrivileged: Bool
    /// The session before this one, which a server said was over.
    package var former: SessionID?
    var names = 0
    /// Sequential znodes that this client has made and not deleted.
    var queued: [String] = []
    /// No more requests of chance.
    private var isResting = false
    /// A write has to be answered since then.
    private var isWaitingForService = false
    private var isServedSince = false
    private var isEnding = false

    package init(_ run: Run, _ network: Network, _ ghost: Ghost, _ number: Int, _ chance: Chance) {
        self.run = run
        self.network = network
        self.ghost = ghost
        self.number = number
        self.chance = chance
        isPrivileged = number % 2 == 0
        watches = ClientWatches(isPrivileged: number % 2 == 0)
        timeoutMilliseconds = Int32(1000 * self.chance.within(2...6))
    }

    var host: Host { Host(number: 101 + number) }
    var isServed: Bool { isServedSince && state == .open }
    var hasComeToRest: Bool { isResting && owed.isEmpty && state == .open }

    package var description: String {
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
        run.after(period) { [self] in
            let silence = run.now - lastHeard
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
        let isHurried = isWaitingForService || run.now < run.rushUntil
        let range = isHurried ? Load.busy.thinking : run.options.thinking
        run.after(chance.span(range)) { [self] in
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
        let servers = run.options.members.map { Host(number: Int($0.rawValue)) }
        let server = chance.pick(servers)
        network.connect(host, to: server, .client, timeout: .seconds(1)) { [self] wire in
            guard let wire, attempt == self.attempt, state == .connecting else {
                wire?.close()
                if attempt == self.attempt { connectLater() }
                return
            }
            take(wire)
        }
        // Neither an answer nor a refusal.
        run.after(.milliseconds(Int64(timeoutMilliseconds))) { [self] in
            if attempt == self.attempt, state == .connecting { disconnect() }
        }
    }

    private func connectLater() {
        state = .away
        attempt += 1
        run.after(chance.span(.milliseconds(10) ... .milliseconds(600))) { [self] in connect() }
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
        if request.isWrite { run.figures.lostRequests += 1 }
    }

    /// The session is over: another one begins.
    func startOver() {
        session = .none
        password = [UInt8](repeating: 0, count: 16)
        lastZxid = .zero
        watches.removeAll()
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
        lastHeard = run.now
        let all = input + bytes
        var taken = 0
        while all.count - taken >= 4, wire != nil {
            let start = taken + 4
            let length = all[taken..<start].reduce(0) { $0 << 8 | Int($1) }
            guard all.count - start >= length else { break }
            taken = start + length
            all.withByteView { handle($0[view: start..<(start + length)]) }
        }
        if wire != nil { input = Array(all[taken...]) }
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
            run.fail("C-00", "\(host) cannot read a reply: \(error)")
        }
    }

    private func connected(_ response: ConnectResponse) {
        guard response.timeoutMilliseconds > 0 else {
            run.note(host, "session \(session) is refused")
            if session != .none {
                run.figures.expiredSessions += 1
                former = session
            }
            return startOver()
        }
        if session == .none {
            run.figures.sessions += 1
            xid = 0
        } else {
            run.expect(
                response.session == session, "C-08",
                "\(host) came with \(session) and was given \(response.session)")
        }
        session = response.session
        password = response.password
        state = .open
        run.note(host, "is connected with session \(session)")
        if isPrivileged { sendAuth() }
        watches.reconnected()
        if watches.isRearming {
            watchesAsOf = lastZxid
            sendWatchesAgain()
        }
        think()
    }

    /// P: what a session has seen never goes back (C-03).
    func note(_ zxid: Zxid) {
        run.expect(
            zxid >= lastZxid, "C-03", "\(host) has seen \(lastZxid) and is told \(zxid)")
        lastZxid = max(lastZxid, zxid)
    }

    /// The run is over.
    func end() {
        wire?.close()
        wire = nil
    }

    func noteServed() { if isWaitingForService { isServedSince = true } }
}
