import Testing
import ZKWire
import Zab

/// Servers crash, restart, are cut off from each other one by one and fall mute, for a while; then
/// no more. Whoever is connected must agree before long, and at no time may anybody follow a leader
/// that no quorum is for (`ElectionGhost`).
@Suite("Election: faults")
struct ElectionChaosTests {
    private typealias Voters = [ServerID: Membership.Voter]

    private func equalVoters(_ count: Int64) -> Voters {
        Dictionary(uniqueKeysWithValues: (1...count).map { (ServerID(rawValue: $0), .init()) })
    }

    private func network(
        _ voters: Voters, observers: [Int64] = [], seed: UInt64
    ) -> ElectionNetwork {
        let observers = observers.map(ServerID.init)
        return ElectionNetwork(voters: voters, observers: observers, seed: seed) { _, random in
            (UInt32(random.number(in: 1...2)), random.number(in: 16...18))
        }
    }

    private func fault(_ network: inout ElectionNetwork) {
        let one = network.members.randomElement(using: &network.random)!
        let other = network.members.randomElement(using: &network.random)!
        switch network.random.number(in: 0...9) {
        case 0:
            network.crash(one)
            network.ghost.forget(one)
        case 1...3: if !network.servers[one]!.isUp { network.start(one) }
        case 4: if one != other { network.cut(one, other) }
        case 5: if one != other { network.silence(one, other) }
        case 6: network.connectAll()
        default: if one != other { network.connect(one, other) }
        }
        network.pass(network.random.number(in: 0...40) * 10)
    }

    /// - Returns: how long it took, nil if it took too long.
    private func settle(_ network: inout ElectionNetwork, _ group: [ServerID]) -> Int64? {
        let start = network.milliseconds
        while network.milliseconds - start < 8000 {
            network.pass(50)
            let leaders = network.establishedLeaders.filter(group.contains)
            guard leaders.count == 1 else { continue }
            let agrees = group.allSatisfy { id in
                id == leaders[0] || network.leaderFollowed(by: id) == leaders[0]
            }
            if agrees { return network.milliseconds - start }
        }
        return nil
    }

    private func run(
        _ voters: Voters, observers: [Int64] = [], faults: Int, seeds: Range<UInt64>
    ) {
        var longest: Int64 = 0
        for seed in seeds {
            var network = network(voters, observers: observers, seed: seed)
            for _ in 0..<faults { fault(&network) }
            for id in network.members where !network.servers[id]!.isUp { network.start(id) }
            network.connectAll()
            guard let time = settle(&network, network.members) else {
                Issue.record("seed \(seed): \(network.members.map { network.servers[$0]!.role })")
                return
            }
            longest = max(longest, time)
            #expect(network.ghost.decisions > 0)
        }
        #expect(longest < 8000)
    }

    @Test("Three voters and an observer agree after any faults")
    func three() { run(equalVoters(3), observers: [4], faults: 40, seeds: 0..<60) }

    @Test("Five voters agree after any faults")
    func five() { run(equalVoters(5), faults: 40, seeds: 100..<140) }

    @Test("Four voters, of which three are needed, agree after any faults")
    func four() { run(equalVoters(4), faults: 40, seeds: 200..<240) }

    @Test("Groups, and a voter without weight, agree after any faults")
    func groups() {
        var voters: Voters = [:]
        for id in 1...7 as ClosedRange<Int64> {
            voters[ServerID(rawValue: id)] = .init(weight: id == 7 ? 0 : 1, group: (id - 1) / 2)
        }
        run(voters, faults: 40, seeds: 300..<330)
    }

    @Test("A connected quorum agrees while the others are cut off, mute or down")
    func quorum() {
        for seed in 400..<440 as Range<UInt64> {
            var network = network(equalVoters(5), seed: seed)
            for _ in 0..<30 { fault(&network) }
            let group = Array(network.members.shuffled(using: &network.random).prefix(3))
            for id in group where !network.servers[id]!.isUp { network.start(id) }
            for one in group {
                for other in network.members where other != one {
                    if group.contains(other) {
                        network.connect(one, other)
                    } else if network.random.chance(50) {
                        network.cut(one, other)
                    } else {
                        network.silence(one, other)
                    }
                }
            }
            #expect(settle(&network, group) != nil, "seed \(seed)")
        }
    }

    @Test("The same seed gives the same elections")
    func determinism() {
        var results: [[String]] = []
        for _ in 0..<2 {
            var network = network(equalVoters(5), observers: [6], seed: 11)
            for _ in 0..<60 { fault(&network) }
            results.append(
                network.members.map { "\(network.servers[$0]!.role) \(network.deliveries)" })
        }
        #expect(results[0] == results[1])
    }
}
