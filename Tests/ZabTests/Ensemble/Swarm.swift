// Runs of an ensemble under faults: each seed has its own mixture. Then everything heals, and the
// ensemble must come to rest with all that it had committed (P-22).

import Testing
import ZKWire
import Zab

final class Swarm {
    let ensemble: Ensemble
    /// How often each fault strikes: weights by kind, some of them none.
    private var weights: [Fault: Int] = [:]
    private let isUnreliable: Bool

    enum Fault: CaseIterable {
        case crash, restart, cut, heal, reset, slowDisk, purge, wipe, handOver, ask, burst, strand
    }

    init(seed: UInt64) {
        var random = SplitMix(seed: seed &+ 1_000_003)
        var plan = Ensemble.Plan()
        plan.voters = random.isLucky(oneIn: 3) ? 5 : 3
        plan.observers = random.isLucky(oneIn: 3) ? 1 + random.below(2) : 0
        plan.recentBytes = [0, 100, 1000, 100_000][random.below(4)]
        plan.areBlank = random.isLucky(oneIn: 4)
        ensemble = Ensemble(plan, seed: seed)
        ensemble.delayMicroseconds = [100, 300, 1000, 4000][random.below(4)]
        isUnreliable = random.isLucky(oneIn: 2)
        for fault in Fault.allCases { weights[fault] = random.below(4) }
        weights[.restart] = 3
        weights[.heal] = 3
    }

    func run(milliseconds: Int64) {
        ensemble.startAll()
        if ensemble.plan.areBlank { ensemble.run(milliseconds: 500) }
        let end = ensemble.time + milliseconds * Ensemble.millisecond
        while ensemble.time < end {
            ensemble.run(milliseconds: ensemble.random.between(1, isUnreliable ? 60 : 250))
            proposeSome()
            strike()
        }
        heal()
    }

    private func proposeSome() {
        guard let leader = ensemble.leader else { return }
        ensemble.proposeTurn(leader, count: 1 + ensemble.random.below(4))
    }

    private func strike() {
        let total = Fault.allCases.reduce(0) { $0 + (weights[$1] ?? 0) }
        var number = ensemble.random.below(total + 1)
        for fault in Fault.allCases {
            number -= weights[fault] ?? 0
            if number < 0 { return strike(fault) }
        }
    }

    private func strike(_ fault: Fault) {
        let server = ensemble.servers[ensemble.random.below(ensemble.servers.count)]
        ensemble.ghost.count("\(fault)")
        switch fault {
        case .crash: if server.isUp { ensemble.crash(server) }
        case .restart: if !server.isUp { ensemble.start(server) }
        case .cut: cut(server)
        case .heal: healCuts()
        case .reset:
            let links = server.connections.keys.sorted()
            guard !links.isEmpty else { return }
            let link = links[ensemble.random.below(links.count)]
            if let connection = server.connections[link] { ensemble.reset(connection) }
        case .slowDisk: server.isDiskSlow.toggle()
        case .purge: purge(server)
        case .wipe: wipe(server)
        case .handOver: if let leader = ensemble.leader { ensemble.step(leader, .handOver) }
        case .ask: if let leader = ensemble.leader { ensemble.ask(leader) }
        case .burst:
            guard let leader = ensemble.leader else { return }
            for _ in 0..<5 { ensemble.proposeTurn(leader, count: 5, size: 60) }
        case .strand: strand()
        }
    }

    /// The leader is cut off with proposals that nobody else, or one other, has.
    private func strand() {
        guard let leader = ensemble.leader else { return }
        let spared = ensemble.random.below(ensemble.servers.count * 2)
        for (index, other) in ensemble.servers.enumerated() where other !== leader {
            guard index != spared else { continue }
            ensemble.cuts.insert([leader.id, other.id])
            ensemble.cuts.insert([other.id, leader.id])
            ensemble.loseElectionLink(leader, other.id)
            if other.isUp { ensemble.loseElectionLink(other, leader.id) }
        }
        ensemble.proposeTurn(leader, count: 1 + ensemble.random.below(5))
        ensemble.run(milliseconds: 10)
        if ensemble.random.isLucky(oneIn: 3), leader.isUp { ensemble.crash(leader) }
    }

    /// A server cannot talk to some of the others, or cannot hear them, or both.
    private func cut(_ server: SimulatedServer) {
        for other in ensemble.servers where other !== server {
            guard ensemble.random.isLucky(oneIn: 2) else { continue }
            let kind = ensemble.random.below(4)
            if kind != 0 { ensemble.cuts.insert([server.id, other.id]) }
            if kind != 1 { ensemble.cuts.insert([other.id, server.id]) }
            if server.isUp { ensemble.loseElectionLink(server, other.id) }
            if other.isUp { ensemble.loseElectionLink(other, server.id) }
        }
    }

    private func healCuts() {
        ensemble.cuts = []
        for (index, one) in ensemble.servers.enumerated() where one.isUp {
            for other in ensemble.servers.dropFirst(index + 1) where other.isUp {
                ensemble.connectElection(one, other)
            }
        }
    }

    /// The log goes back less far: older learners need a snapshot.
    private func purge(_ server: SimulatedServer) {
        guard let peer = server.peer, peer.role.isServing else { return }
        let delivered = server.store.prefix(through: peer.history.lastDelivered)
        let kept = ensemble.random.below(delivered.count + 1)
        guard kept > 0 else { return }
        server.store.logBase = max(server.store.logBase, delivered[kept - 1].zxid)
    }

    /// A disk is lost, where the others still have everything.
    private func wipe(_ server: SimulatedServer) {
        let others = ensemble.voters.filter { $0 !== server }
        // What this disk was acknowledged to have is gone with it: the others must have it.
        let last = max(server.store.last, ensemble.ghost.committed.last?.zxid ?? .zero)
        let holders = others.filter {
            $0.store.contains(last) && !$0.store.epochs.isRecovering
                && $0.store.epochs.current.rawValue > 0
        }
        guard holders.count == others.count, last > .zero else { return }
        if server.isUp { ensemble.crash(server) }
        ensemble.note("\(server.id) loses its disk")
        server.store = SimulatedStore()
        server.store.wasBlank = true
        server.tree = []
    }

    // MARK: Liveness

    private func heal() {
        ensemble.note("everything heals")
        healCuts()
        for server in ensemble.servers {
            server.isDiskSlow = false
            if !server.isUp { ensemble.start(server) }
        }
        ensemble.delayMicroseconds = 300
        let trusted = ensemble.voters.filter {
            !$0.store.isBlank && !$0.store.epochs.isRecovering
        }
        let isBlank = ensemble.voters.allSatisfy { $0.store.isBlank }
        guard isBlank || ensemble.ghost.membership.isQuorum(ServerSet(trusted.map(\.id))) else {
            // Too many disks are not what they were: only the operator can say what counts.
            return ensemble.ghost.count("doubtful")
        }
        let isWell = ensemble.run(atMost: 8000) { [ensemble] in
            // A deposed leader that does not know it may serve beside the new one for a while.
            ensemble.servers.allSatisfy { $0.peer?.role.isServing ?? false }
                && ensemble.servers.count { $0.peer?.role.isEstablishedLeader ?? false } == 1
        }
        let roles = ensemble.servers.map { "\($0.id): \($0.peer.map { "\($0.role)" } ?? "down")" }
        #expect(isWell, "not everybody serves: \(roles)")
        guard let leader = ensemble.leader else { return }
        ensemble.proposeTurn(leader, count: 3)
        guard let last = leader.peer?.history.last else { return }
        let isEverywhere = ensemble.run(atMost: 3000) { [ensemble] in
            ensemble.servers.allSatisfy { $0.tree.last?.zxid == last }
        }
        #expect(isEverywhere, "\(last) is not everywhere")
        for server in ensemble.servers { #expect(server.tree == leader.tree) }
        #expect(leader.tree == ensemble.ghost.committed)
    }
}
