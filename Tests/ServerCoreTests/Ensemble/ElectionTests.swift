import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("Clients across elections")
struct ElectionTests {
    @Test("a forwarded write that the old leader never saw is forwarded again, once")
    func forwardedAgain() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let clients = cluster.followers.map { $0.connect(timeoutMilliseconds: 10_000) }
        clients[0].create("/count", "")
        leader.crash()
        let sent = clients.map { client in
            (0..<5).map { _ in
                client.send(.setData) {
                    $0.writeString("/count")
                    $0.writeString("")
                    $0.writeInt32(-1)
                }
            }
        }
        cluster.runUntilServing()
        cluster.settle()
        for (client, xids) in zip(clients, sent) {
            let replies = client.replies()
            #expect(replies.map(\.xid) == xids)
            #expect(replies.allSatisfy { $0.error == .ok })
        }
        #expect(clients[0].exists("/count")?.stat?.version == 10)
    }

    @Test("a write that the old leader had spread is not proposed twice")
    func alreadyProposed() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 10_000)
        client.create("/count", "")
        let xid = client.send(.setData) {
            $0.writeString("/count")
            $0.writeString("")
            $0.writeInt32(-1)
        }
        // To the leader and back to every disk, but no acknowledgement.
        member.endTurn()
        cluster.deliverAll(to: leader)
        leader.endTurn()
        for follower in cluster.followers { cluster.deliverAll(to: follower) }
        for follower in cluster.followers {
            follower.endTurn()
            follower.performDiskOrder()
        }
        #expect(client.replies().isEmpty)
        leader.crash()
        cluster.runUntilServing()
        #expect(client.replies().map(\.xid) == [xid])
        #expect(client.exists("/count")?.stat?.version == 1)
    }

    @Test("a write that the same leader has proposed and not committed is not forwarded again")
    func sameLeader() {
        let cluster = Cluster.serving(voters: 3, observers: 1)
        guard let leader = cluster.leader, let other = cluster.followers.last else { return }
        for (member, path) in [(cluster.followers[0], "/count"), (cluster.observers[0], "/more")] {
            let client = member.connect(timeoutMilliseconds: 10_000)
            client.create(path)
            for follower in cluster.followers where follower !== member {
                cluster.stall(leader, follower)
            }
            let xid = client.send(.setData) {
                $0.writeString(path)
                $0.writeString("")
                $0.writeInt32(-1)
            }
            member.endTurn()
            cluster.deliverAll(to: leader)
            leader.endTurn()
            cluster.cut(member, leader)
            cluster.heal()
            var passed = 0
            while !member.isServing, passed < 40 {
                cluster.run(milliseconds: 10)
                passed += 1
            }
            cluster.resume()
            cluster.run(milliseconds: 300)
            #expect(leader.core.role.isEstablishedLeader && other.isServing)
            #expect(client.replies().map(\.xid) == [xid])
            #expect(client.exists(path)?.stat?.version == 1)
        }
    }

    @Test("a leader that steps down ends those that are owed a write, and keeps the others")
    func stepDown() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let writer = leader.connect(timeoutMilliseconds: 10_000)
        let reader = leader.connect(timeoutMilliseconds: 10_000)
        writer.create("/a", "1")
        cluster.isolate(leader)
        writer.send(.setData) {
            $0.writeString("/a")
            $0.writeString("2")
            $0.writeInt32(-1)
        }
        var passed = 0
        while leader.core.role != .looking, passed < 200 {
            cluster.run(milliseconds: 10)
            passed += 1
        }
        #expect(leader.closed.map(\.reason) == [.leadershipLost])
        #expect(leader.closed.map(\.connection) == [writer.id])
        // Pings are not answered while nobody leads, and are when somebody does.
        reader.send(.ping)
        #expect(reader.replies().isEmpty)
        cluster.heal()
        cluster.runUntilServing()
        #expect(reader.replies().map(\.xid) == [SpecialXid.ping])
        #expect(reader.create("/b")?.error == .ok)
        cluster.settle()
        cluster.expectSameTrees()
    }

    @Test("requests that come while nobody leads wait for the next leader")
    func heldBack() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 10_000)
        leader.crash()
        cluster.settle()
        let late = member.open()
        if member.core.role.isServing { return }
        late.handshake()
        let xid = client.send(.create) { $0.writeCreate("/a", "") }
        cluster.runUntilServing()
        cluster.settle()
        #expect(client.replies().map(\.xid) == [xid])
        #expect(late.connectResponse()?.session != SessionID.none)
    }

    @Test("after a second without a leader clients are sent away, and new ones at once")
    func noQuorum() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let (member, other) = (cluster.followers[0], cluster.followers[1])
        let client = member.connect(timeoutMilliseconds: 10_000)
        leader.crash()
        other.crash()
        cluster.run(milliseconds: 3000)
        #expect(member.closed.map(\.connection) == [client.id])
        let late = member.open()
        late.handshake()
        #expect(member.closed.map(\.connection) == [client.id, late.id])
        #expect(member.closed.map(\.reason) == [.notServing, .notServing])
    }

    @Test("a server that comes back by a snapshot ends its clients: their watches missed something")
    func treeReplaced() {
        let cluster = Cluster.serving(voters: 3, recentBytes: 0)
        guard let leader = cluster.leader else { return }
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 10_000)
        client.create("/a", "1")
        _ = client.get("/a", watch: true)
        let stable = cluster.followers[1].connect(timeoutMilliseconds: 10_000)
        cluster.prefersSnapshots = true
        cluster.cut(member, leader)
        stable.set("/a", "2")
        stable.create("/b")
        cluster.heal()
        cluster.run(milliseconds: 2000)
        #expect(member.isServing)
        #expect(member.closed.map(\.reason) == [.treeReplaced])
        cluster.expectSameTrees()
        #expect(member.connect().create("/c")?.error == .ok)
    }

    @Test("1319, 1367, 5010: ephemerals whose session the history closes are gone after an election too")
    func ephemerals() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let client = leader.connect(timeoutMilliseconds: 500)
        client.create("/e", "", mode: .ephemeral)
        leader.crash()
        cluster.runUntilServing()
        #expect(cluster.leader?.connect().exists("/e")?.error == .ok)
        cluster.run(milliseconds: 1500)
        for member in cluster.members where member.isUp {
            #expect(member.connect().exists("/e")?.error == .noNode)
        }
        leader.restart()
        cluster.runUntilServing()
        cluster.settle()
        cluster.expectSameTrees()
    }

    @Test("a leader that hands over answers what is in flight first, and keeps its clients")
    func handOver() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let client = leader.connect(timeoutMilliseconds: 10_000)
        let xid = client.send(.create) { $0.writeCreate("/a", "") }
        leader.step(.turnEnded)
        leader.step(.zab(.handOver))
        let late = client.send(.create) { $0.writeCreate("/b", "") }
        cluster.settle()
        cluster.runUntilServing()
        cluster.run(milliseconds: 500)
        #expect(client.replies().map(\.xid) == [xid, late])
        #expect(leader.closed.isEmpty)
        #expect(cluster.leader?.id != leader.id)
        let statistics = cluster.leader?.core.ensembleStatistics(now: cluster.now)
        #expect(statistics?.learners?.syncedFollowers == 2)
    }

    @Test("a learner that is brought up by what may not be committed tells nobody of it")
    func broughtUp() {
        let cluster = Cluster.serving(voters: 3, recentBytes: 0)
        guard let leader = cluster.leader else { return }
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 10_000)
        client.create("/a", "1")
        _ = client.get("/a", watch: true)
        let writer = cluster.followers[1].connect(timeoutMilliseconds: 10_000)
        cluster.cut(member, leader)
        writer.set("/a", "2")
        cluster.heal()
        cluster.run(milliseconds: 2000)
        #expect(member.isServing)
        let events = client.replies().map(\.xid)
        #expect(events == [SpecialXid.notification] || member.closed.map(\.connection) == [client.id])
        cluster.expectSameTrees()
    }
}
