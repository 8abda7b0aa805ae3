import Testing
import ZKWire
import Zab

@Suite("Election: networks of servers")
struct ElectionNetworkTests {
    private func equalVoters(_ count: Int64) -> [ServerID: Membership.Voter] {
        Dictionary(
            uniqueKeysWithValues: (1...count).map { (ServerID(rawValue: $0), Membership.Voter()) })
    }

    private func network(_ count: Int64, seed: UInt64) -> ElectionNetwork {
        ElectionNetwork(voters: equalVoters(count), seed: seed) { _, random in
            (UInt32(random.number(in: 1...3)), random.number(in: 16...20))
        }
    }

    /// Started, connected, and decided without a moment's wait.
    private func elected(_ count: Int64, seed: UInt64) -> ElectionNetwork {
        var network = network(count, seed: seed)
        for id in network.members { network.servers[id]!.isUp = true }
        network.connectAll()
        for id in network.members.shuffled(using: &network.random) { network.start(id) }
        network.deliverAll()
        return network
    }

    @Test("All connected servers elect the best of them, in whatever order messages arrive")
    func best() {
        for seed in 0..<100 as Range<UInt64> {
            let count = Int64(3 + seed % 5)
            let network = elected(count, seed: seed)
            let best = network.servers.values.map(\.own).max { $1.isBetter(than: $0) }!.leader
            for id in network.members {
                let leader = network.isLeading(id) ? id : network.leaderFollowed(by: id)
                #expect(leader == best, "seed \(seed): server \(id)")
            }
            #expect(network.milliseconds == 0)
        }
    }

    @Test("When the leader dies the others decide in the time that their messages take")
    func leaderDies() {
        for seed in 0..<100 as Range<UInt64> {
            var network = elected(Int64(3 + seed % 5), seed: seed)
            network.pass(100)
            let leader = network.establishedLeaders[0]
            let start = network.milliseconds
            network.crash(leader)
            var survivors = network.members.filter { $0 != leader }
            survivors.shuffle(using: &network.random)
            for id in survivors {
                network.look(id)
                for _ in 0..<network.random.number(in: 0...20) { _ = network.deliverOne() }
            }
            network.deliverAll()
            let successors = survivors.filter(network.isLeading)
            #expect(successors.count == 1, "seed \(seed)")
            for id in survivors where id != successors.first {
                #expect(network.leaderFollowed(by: id) == successors.first, "seed \(seed)")
            }
            #expect(network.milliseconds == start)
        }
    }

    @Test("A restarted server joins the established leader at once, whatever its history")
    func restart() {
        for seed in 0..<100 as Range<UInt64> {
            var network = elected(Int64(3 + seed % 5), seed: seed)
            network.pass(100)
            let leader = network.establishedLeaders[0]
            let others = network.members.filter { $0 != leader }
            let restarted = others.randomElement(using: &network.random)!
            network.crash(restarted)
            network.ghost.forget(restarted)
            network.pass(network.random.number(in: 0...1000))
            let start = network.milliseconds
            network.servers[restarted]!.own.zxid = Zxid(rawValue: 4000)
            network.start(restarted)
            network.connectAll()
            network.deliverAll()
            #expect(network.leaderFollowed(by: restarted) == leader, "seed \(seed)")
            #expect(network.establishedLeaders == [leader])
            #expect(network.milliseconds == start)
        }
    }

    @Test("A server that hangs with its connections open costs the others finalizeWait")
    func hangingServer() {
        var network = elected(3, seed: 5)
        network.pass(100)
        let leader = network.establishedLeaders[0]
        for id in network.members { network.silence(id, leader) }
        let start = network.milliseconds
        let survivors = network.members.filter { $0 != leader }
        for id in survivors { network.look(id) }
        while !survivors.contains(where: network.isLeading) { network.pass(10) }
        #expect(network.milliseconds - start <= 220)
    }

    @Test("Blank servers elect once all are there, and one of an old ensemble waits")
    func blankServers() {
        var network = ElectionNetwork(voters: equalVoters(3), seed: 3) { _, _ in (0, 0) }
        for id in network.members {
            network.servers[id]!.isBlank = true
            network.servers[id]!.mayVote = false
        }
        let last = ServerID(rawValue: 3)
        for id in network.members where id != last { network.start(id) }
        network.connectAll()
        network.pass(5000)
        #expect(network.members.allSatisfy { !network.isLeading($0) })
        network.start(last)
        network.connectAll()
        network.deliverAll()
        network.pass(500)
        #expect(network.establishedLeaders == [last])

        // One loses its disk, another is down: the third alone must not go on with it.
        let lost = ServerID(rawValue: 1)
        network.crash(lost)
        network.servers[lost]!.own = Zab.Vote(
            leader: lost, zxid: .zero, peerEpoch: Epoch(rawValue: 0))
        network.servers[lost]!.isBlank = true
        network.servers[lost]!.mayVote = false
        network.ghost.forget(lost)
        network.crash(last)
        network.start(lost)
        network.connectAll()
        network.pass(5000)
        #expect(network.establishedLeaders.isEmpty)
        #expect(!network.servers[lost]!.mayVote)
        network.ghost.forget(last)
        network.start(last)
        network.connectAll()
        network.pass(5000)
        #expect(network.establishedLeaders.count == 1)
        #expect(network.servers[lost]!.mayVote)
    }
}
