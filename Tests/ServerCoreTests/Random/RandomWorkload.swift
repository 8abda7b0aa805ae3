import DataTree
import ServerCore
import ZKWire

/// Many clients at once: pipelined requests of every kind, connections that come and go, sessions
/// that end or run out, turns and syncs at random points. Everything from one seed.
final class RandomWorkload {
    let harness: CoreHarness
    private(set) var clients: [RandomClient] = []
    /// The sessions that the server gave up on, and after how long a silence.
    private(set) var expired: [(client: RandomClient, silence: Int64)] = []
    private var random: SplitMix
    private var order = 0
    private var closedSeen = 0
    private var noticesSeen = 0

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        var configuring = random
        let outstanding = configuring.chance(30) ? 8 : 1000
        harness = CoreHarness { $0.maximumOutstanding = outstanding }
    }

    func run(steps: Int) {
        for _ in 0..<4 { addClient() }
        for _ in 0..<steps { step() }
        finish()
    }

    private func step() {
        switch random.below(100) {
        case 0..<66: withClient { send($0) }
        case 66..<76: harness.step(.turnEnded)
        case 76..<84: harness.syncOldest()
        case 84..<88: harness.sync()
        case 88..<92: pass(milliseconds: Int64(10 + random.below(50)))
        case 92..<94: withClient { hangUp($0) }
        case 94..<97: withClient { reconnect($0) }
        case 97..<98 where clients.count < 24: addClient()
        default: clients.forEach(read)
        }
        noteClosed()
    }

    /// Everything in flight comes to its end, and every silent session to its own.
    private func finish() {
        harness.sync()
        noteClosed()
        for _ in 0..<60 {
            for client in clients where client.openLink != nil { send(.ping, client) }
            pass(milliseconds: 50)
            harness.sync()
            noteClosed()
        }
        clients.forEach(read)
    }

    // MARK: Clients

    private func withClient(_ body: (RandomClient) -> Void) {
        body(clients[random.below(clients.count)])
    }

    private func addClient() {
        let client = RandomClient(timeoutMilliseconds: Int32(300 + random.below(700)))
        clients.append(client)
        connect(client, session: .none, password: [UInt8](repeating: 0, count: 16))
    }

    /// By another connection; the older one may still be open.
    private func reconnect(_ client: RandomClient) {
        guard harness.core.sessions[client.session] != nil else { return }
        connect(
            client, session: client.session,
            password: SessionPassword.password(for: client.session))
        guard random.chance(50), let link = client.openLink else { return }
        let watches: [(WatchKind, String)] = (0..<random.below(6)).map { _ in
            let kinds: [WatchKind] = [.data, .exist, .child, .persistent, .persistentRecursive]
            return (kinds[random.below(5)], path())
        }
        let seen = harness.core.lastProcessedZxid.rawValue
        let since = Zxid(rawValue: max(0, seen - Int64(random.below(40))))
        send(.setWatches(since: since, watches), client, link)
    }

    private func connect(_ client: RandomClient, session: SessionID, password: [UInt8]) {
        let far = harness.open()
        client.links.append(RandomLink(id: far.id))
        client.lastSent = nowMilliseconds
        far.handshake(
            timeoutMilliseconds: client.timeoutMilliseconds, session: session, password: password)
        noteClosed()
    }

    /// The client goes, with what has arrived.
    private func hangUp(_ client: RandomClient) {
        guard let link = client.openLink else { return }
        link.isAbandoned = true
        end(link)
    }

    private func end(_ link: RandomLink) {
        read(link)
        link.end = harness.core.lastProcessedZxid
        harness.step(.connectionClosed(link.id))
    }

    private func read(_ client: RandomClient) { client.openLink.map(read) }

    private func read(_ link: RandomLink) {
        guard let connection = harness.core.connections[link.id] else { return }
        link.session = connection.session
        link.frames += TestClient.frames(connection.output.bytes)
        connection.output.removeAll()
        harness.step(.outputDrained(link.id))
    }

    /// Links that the server has ended since the last look, and sessions that it gave up.
    private func noteClosed() {
        while closedSeen < harness.closed.count {
            let id = harness.closed[closedSeen].connection
            closedSeen += 1
            for client in clients {
                for link in client.links where link.id == id && link.end == nil { end(link) }
            }
        }
        for link in clients.compactMap(\.openLink) where link.session == .none {
            link.session = harness.core.connections[link.id]?.session ?? .none
        }
        while noticesSeen < harness.notices.count {
            let notice = harness.notices[noticesSeen]
            noticesSeen += 1
            guard case .sessionExpired(let session, _) = notice,
                let client = clients.first(where: { $0.session == session })
            else { continue }
            expired.append((client, nowMilliseconds - client.lastSent))
        }
    }

    private var nowMilliseconds: Int64 { harness.now.monotonic.nanoseconds / 1_000_000 }

    private func pass(milliseconds: Int64) {
        harness.advance(milliseconds: milliseconds)
        harness.step(.tick)
    }

    // MARK: Requests

    private func send(_ client: RandomClient) {
        guard let link = client.openLink else { return }
        for _ in 0..<(1 + random.below(5)) { send(operation(), client, link) }
    }

    private func send(_ operation: RandomOperation, _ client: RandomClient) {
        guard let link = client.openLink else { return }
        send(operation, client, link)
    }

    private func send(
        _ operation: RandomOperation, _ client: RandomClient, _ link: RandomLink
    ) {
        guard link.end == nil else { return }
        let xid = client.nextXid()
        order += 1
        link.sent.append(RandomLink.Sent(xid: xid, operation: operation, order: order))
        client.lastSent = nowMilliseconds
        harness.bytes(
            link.id,
            TestClient.frame(xid: xid, type: operation.type.rawValue) {
                operation.encode(into: $0)
            })
        noteClosed()
    }

    private func operation() -> RandomOperation {
        switch random.below(100) {
        case 0..<45: write()
        case 45..<54: .multi((0..<(1 + random.below(5))).map { _ in part() })
        case 54..<66: .getData(path(), watch: random.chance(50))
        case 66..<78: .exists(path(), watch: random.chance(50))
        case 78..<90: .getChildren(path(), watch: random.chance(50))
        case 90..<94: .addWatch(path(), recursive: random.chance(50))
        case 94..<99: .ping
        default: .closeSession
        }
    }

    private func write() -> RandomOperation {
        random.chance(10) ? .setACL(path(), version: version()) : part(withCheck: false)
    }

    private func part(withCheck: Bool = true) -> RandomOperation {
        switch random.below(100) {
        case 0..<40:
            let modes: [CreateMode] = [
                .persistent, .persistent, .ephemeral, .persistentSequential, .ephemeralSequential,
            ]
            return .create(
                path(), data(), modes[random.below(modes.count)], withStat: random.chance(50))
        case 40..<44: return .createContainer(path())
        case 44..<66: return .delete(path(), version: version())
        case 66..<90 where withCheck: return .check(path(), version: version())
        default: return .setData(path(), data(), version: version())
        }
    }

    /// Few, so that clients get into each other's way; at most three levels.
    private func path() -> String {
        let names = ["a", "b", "c"]
        var path = ""
        for _ in 0..<(1 + random.below(3)) { path += "/" + names[random.below(names.count)] }
        return path
    }

    private func version() -> Int32 { random.chance(60) ? -1 : Int32(random.below(3)) }

    private func data() -> [UInt8] { (0..<random.below(20)).map { UInt8($0) } }
}
