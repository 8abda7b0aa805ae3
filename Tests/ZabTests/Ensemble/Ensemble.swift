// A whole ensemble in one thread: peers with their elections, and stand-ins for disks, trees and
// networks, all driven from one seed. What a crash takes and what it leaves is exact; after every
// event the invariants are checked (`Ghost`).

import Testing
import ZKWire
import Zab

final class Ensemble {
    struct Plan {
        var voters = 3
        var observers = 0
        var recentBytes = 4096
        /// Disks that never had a history, rather than ones that the operator has initialized.
        var areBlank = false
        var tick: Duration = .milliseconds(100)
    }

    static let millisecond: Int64 = 1_000_000

    let plan: Plan
    var random: SplitMix
    var agenda = Agenda()
    var time: Int64 = 1_000_000_000
    var servers: [SimulatedServer] = []
    var ghost = Ghost()
    /// Pairs of servers that cannot talk; of the one to the other.
    var cuts: Set<[ServerID]> = []
    /// Mean delay of a message, in microseconds.
    var delayMicroseconds: Int64 = 300
    /// Of everything that happened, for comparing two runs.
    var digest: UInt64 = 14_695_981_039_346_656_037
    var traces = false
    /// Words on an election connection arrive in order.
    var electionClocks: [[ServerID]: Int64] = [:]

    init(_ plan: Plan, seed: UInt64) {
        self.plan = plan
        random = SplitMix(seed: seed)
        let ids = (1...(plan.voters + plan.observers)).map { ServerID(rawValue: Int64($0)) }
        let membership = Membership(
            Array(ids.prefix(plan.voters)), observers: Set(ids.dropFirst(plan.voters)))
        for id in ids {
            var configuration = ZabConfiguration(serverID: id, membership: membership)
            configuration.tick = plan.tick
            configuration.initLimit = 10
            configuration.syncLimit = 5
            configuration.finalizeWait = .milliseconds(20)
            configuration.minNotificationInterval = .milliseconds(20)
            configuration.maxNotificationInterval = .milliseconds(500)
            configuration.observerElectionDelay = .milliseconds(20)
            configuration.recentBytes = plan.recentBytes
            let server = SimulatedServer(configuration)
            server.store.wasBlank = plan.areBlank
            servers.append(server)
        }
        ghost.membership = membership
    }

    func server(_ id: ServerID) -> SimulatedServer { servers[Int(id.rawValue) - 1] }
    func server(_ id: Int64) -> SimulatedServer { server(ServerID(rawValue: id)) }
    var voters: ArraySlice<SimulatedServer> { servers.prefix(plan.voters) }
    var leader: SimulatedServer? {
        servers.first { $0.peer?.role.isEstablishedLeader ?? false }
    }

    // MARK: Time

    var now: Instant { Instant(nanoseconds: time) }

    func plan(after delay: Int64, _ body: @escaping () -> Void) {
        agenda.plan(at: time + delay, body)
    }

    func run(milliseconds: Int64) {
        let end = time + milliseconds * Ensemble.millisecond
        while let (at, body) = agenda.takeNext(by: end) {
            time = at
            body()
        }
        time = end
    }

    /// Runs until `condition`, at most so long.
    @discardableResult
    func run(atMost milliseconds: Int64, until condition: () -> Bool) -> Bool {
        let end = time + milliseconds * Ensemble.millisecond
        while !condition() {
            guard let (at, body) = agenda.takeNext(by: end) else { return false }
            time = at
            body()
        }
        return true
    }

    func note(_ text: @autoclosure () -> String) {
        let text = text()
        for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 1_099_511_628_211 }
        if traces { print("\(Double(time) / 1e6) \(text)") }
    }

    // MARK: Processes

    func startAll() { for server in servers { start(server) } }

    func start(_ server: SimulatedServer) {
        precondition(!server.isUp)
        server.generation += 1
        server.tree = server.store.records
        server.comparedCount = 0
        server.peer = Peer(
            server.configuration,
            DurableState(
                epochs: server.store.epochs, lastZxid: server.store.last,
                isBlank: server.store.isBlank), now: now)
        note("\(server.id) starts with \(server.store.epochs), \(server.store.last)")
        step(server, .started)
        for other in servers where other !== server && other.isUp {
            connectElection(server, other)
        }
        scheduleTick(server, server.generation)
    }

    private func scheduleTick(_ server: SimulatedServer, _ generation: Int) {
        plan(after: random.between(15, 25) * Ensemble.millisecond) { [self] in
            guard server.isUp, server.generation == generation else { return }
            step(server, .tick)
            scheduleTick(server, generation)
        }
    }

    /// The power fails: what was not synced is gone, but perhaps some of what was being written.
    func crash(_ server: SimulatedServer) {
        precondition(server.isUp)
        note("\(server.id) crashes")
        if case .append(let records)? = server.jobs.first {
            let kept = random.below(records.count + 1)
            server.store.records += records.prefix(kept)
        }
        stop(server)
        for other in servers where other.isUp && !isCut(server.id, other.id) {
            loseElectionLink(other, server.id)
        }
    }

    private func stop(_ server: SimulatedServer) {
        server.peer = nil
        server.generation += 1
        server.jobs = []
        server.isDiskBusy = false
        server.search = nil
        server.questions = [:]
        server.effects = ZabEffects()
        for link in server.connections.keys.sorted() {
            if let connection = server.connections[link] { closed(connection, by: server) }
        }
        server.connections = [:]
    }

    // MARK: One event of one server

    func step(_ server: SimulatedServer, _ event: ZabEvent) {
        guard let peer = server.peer else { return }
        peer.step(event, now: now, into: &server.effects)
        endTurn(server)
    }

    /// What the layer above does after each event.
    func endTurn(_ server: SimulatedServer) {
        guard let peer = server.peer else { return }
        peer.flush(into: &server.effects)
        while let slot = peer.nextCommitted() {
            server.tree.append(Record(zxid: slot.zxid, payload: [UInt8](slot.payload)))
        }
        ghost.check(server, servers)
        let confirmed = peer.takeConfirmed()
        if !confirmed.isEmpty {
            for token in confirmed { ghost.confirmed(server, token) }
        }
        var effects = server.effects
        server.effects = ZabEffects()
        carryOut(&effects, server)
    }

    /// Proposes one transaction, if the server leads.
    @discardableResult
    func propose(_ server: SimulatedServer, size: Int = 24) -> Zxid? {
        guard let peer = server.peer, peer.canPropose else { return nil }
        let zxid = peer.nextZxid
        var payload = (0..<8).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        payload += [UInt8](repeating: 7, count: size)
        let offset = peer.payloads.count
        peer.payloads.writeRaw(payload)
        peer.propose(from: offset)
        note("\(server.id) proposes \(zxid)")
        ghost.proposed(Record(zxid: zxid, payload: payload), by: server)
        return zxid
    }

    /// A turn of several proposals.
    func proposeTurn(_ server: SimulatedServer, count: Int, size: Int = 24) {
        for _ in 0..<count { propose(server, size: size) }
        endTurn(server)
    }

    func ask(_ server: SimulatedServer) {
        guard let peer = server.peer, peer.canPropose else { return }
        let token = random.next()
        server.questions[token] = ghost.committed.count
        peer.confirmLeadership(token: token, now: now, into: &server.effects)
        endTurn(server)
    }
}
