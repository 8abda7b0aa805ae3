import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("leaderServes=no: a leader leads, and takes no clients")
struct LeaderServesTests {
    private func serving() -> Cluster {
        Cluster.serving(voters: 3) { $0.leaderServesClients = false }
    }

    @Test("a client of the leader is closed at once, followers serve and their writes are done")
    func closed() {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let client = leader.open()
        client.handshake()
        cluster.settle()
        #expect(client.connectResponse() == nil)
        #expect(leader.closed.map(\.reason) == [.notServing])
        for member in cluster.followers {
            #expect(member.connect().create("/by\(member.id)")?.error == .ok)
        }
        cluster.settle()
        cluster.expectSameTrees()
    }

    @Test("a follower that becomes the leader sends its clients away; their sessions live on")
    func becomesLeader() {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let clients = cluster.followers.map { $0.connect(timeoutMilliseconds: 5000) }
        for (number, client) in clients.enumerated() {
            #expect(client.create("/e\(number)", mode: .ephemeral)?.error == .ok)
        }
        let members = cluster.followers
        leader.crash()
        cluster.runUntilServing()
        cluster.run(milliseconds: 100)
        guard let next = cluster.leader, let index = members.firstIndex(where: { $0 === next })
        else {
            Issue.record("nobody leads")
            return
        }
        #expect(next.closed.map(\.reason) == [.leaderServesNobody])
        let other = members[1 - index]
        #expect(other.closed.isEmpty)
        #expect(clients[1 - index].set("/e\(1 - index)", "x")?.error == .ok)
        let moved = other.resume(clients[index])
        #expect(moved.session == clients[index].session)
        #expect(moved.set("/e\(index)", "x")?.error == .ok)
        // A leader no more, it takes clients again.
        leader.restart()
        cluster.runUntilServing()
        next.step(.zab(.handOver))
        cluster.runUntilServing()
        cluster.run(milliseconds: 500)
        #expect(cluster.leader !== next)
        #expect(next.connect().exists("/e0")?.error == .ok)
    }

    @Test("sessions expire all the same")
    func expiry() {
        let cluster = serving()
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 500)
        client.create("/e", mode: .ephemeral)
        cluster.run(milliseconds: 1500)
        #expect(member.closed.map(\.reason) == [.sessionExpired])
        #expect(cluster.followers[1].connect().exists("/e")?.error == .noNode)
    }
}
