import ServerCore
import Testing
import ZKWire
import Zab

/// Members of which memory and disk have the same error.
@Suite("A tree that differs on the disk too")
struct DigestResyncTests {
    private let cluster: Cluster
    private let leader: Member
    private let client: TestClient

    /// Three voters and an observer that have served for a while, with `/a`.
    init() throws {
        cluster = Cluster.serving(voters: 3, observers: 1)
        leader = try #require(cluster.leader)
        client = leader.connect(timeoutMilliseconds: 10_000)
        client.create("/a", "x")
        cluster.run(milliseconds: 500)
    }

    private func corrupt(_ member: Member) {
        member.core.tree.corrupt("/a")
        member.disk.corrupt("/a")
    }

    /// Two writes, each of which everybody compares.
    private func write(_ round: Int) {
        for part in ["a", "b"] {
            cluster.leader?.connect().create("/round\(round)\(part)")
            cluster.runUntilServing()
            cluster.run(milliseconds: 500)
        }
    }

    @Test("a follower is sent the leader's snapshot, and serves again")
    func follower() {
        let follower = cluster.followers[0]
        let epochs = follower.disk.epochs
        corrupt(follower)
        let served = follower.connect()
        write(1)
        #expect(follower.notices.contains(.treeRefused))
        #expect(follower.closed.contains { $0.connection == served.id })
        #expect(follower.isTakingRequests)
        #expect(follower.connect().get("/a")?.read { try? $0.readString() } == "x")
        // Neither its promise to vote nor its epochs were touched.
        #expect(follower.disk.epochs == epochs)
        let mismatches = follower.core.statistics.digestMismatches
        write(2)
        #expect(follower.core.statistics.digestMismatches == mismatches)
        cluster.expectSameTrees()
    }

    @Test("an observer is too")
    func observer() {
        corrupt(cluster[4])
        write(1)
        #expect(cluster[4].notices.contains(.treeRefused))
        #expect(cluster[4].isTakingRequests)
        cluster.expectSameTrees()
    }

    @Test("while no third server says the same as the leader it serves nobody and votes on, then is helped")
    func alone() {
        let follower = cluster.followers[0]
        let third = cluster.followers[1]
        third.crash()
        corrupt(follower)
        write(1)
        #expect(follower.notices.contains(.treeRefused))
        #expect(!follower.isTakingRequests)
        #expect(client.create("/d")?.error == .ok)
        #expect(follower.disk.last == leader.disk.last)
        third.restart()
        cluster.runUntilServing()
        cluster.run(milliseconds: 6000)
        write(2)
        #expect(follower.isTakingRequests)
        cluster.expectSameTrees()
    }

    @Test("a leader that alone has its tree gives it to nobody, and has another one lead")
    func leaderIsWrong() {
        corrupt(leader)
        write(1)
        write(2)
        #expect(cluster.leader !== leader)
        write(3)
        write(4)
        for member in cluster.members {
            #expect(member.isTakingRequests)
            #expect(member.connect().get("/a")?.read { try? $0.readString() } == "x")
        }
        cluster.expectSameTrees()
    }

    @Test("where a snapshot of the leader has not helped either it serves nobody under that leader")
    func inVain() {
        let follower = cluster.followers[0]
        corrupt(follower)
        // Each is one transaction: for the first the tree is loaded again, for the second it is sent.
        for path in ["/b", "/c"] {
            client.create(path)
            cluster.runUntilServing()
            cluster.run(milliseconds: 100)
        }
        #expect(follower.core.statistics.digestMismatches == 2)
        #expect(follower.core.tree.digestValue == leader.core.tree.digestValue)
        corrupt(follower)
        client.create("/d")
        cluster.run(milliseconds: 6000)
        client.create("/e")
        cluster.runUntilServing()
        #expect(!follower.isTakingRequests)
        #expect(follower.core.tree.digestValue != leader.core.tree.digestValue)
        // Another leader is another matter.
        leader.step(.zab(.handOver))
        cluster.run(milliseconds: 3000)
        write(1)
        write(2)
        #expect(follower.isTakingRequests)
        cluster.expectSameTrees()
    }
}
