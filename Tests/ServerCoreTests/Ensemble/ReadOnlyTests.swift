import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("Read-only mode: reads without a quorum, for clients that accept it")
struct ReadOnlyTests {
    private func serving(
        observers: Int = 0, local: Bool = true,
        _ configure: (inout CoreConfiguration) -> Void = { _ in }
    ) -> Cluster {
        let cluster = Cluster.serving(voters: 3, observers: observers) {
            $0.areSessionsLocal = local
            $0.areLocalSessionsUpgraded = local
            $0.readOnlyGrace = .milliseconds(2000)
            configure(&$0)
        }
        let client = cluster.leader?.connect()
        client?.create("/a", "1")
        cluster.run(milliseconds: 100)
        return cluster
    }

    /// All but this server die.
    private func leaveAlone(_ member: Member, _ cluster: Cluster) {
        for other in cluster.members where other !== member { other.crash() }
        cluster.run(milliseconds: 4000)
    }

    @Test("whoever is left alone serves reads, after the grace: leader, follower, observer")
    func whoever() {
        for choose: (Cluster) -> Member? in [\.leader, \.followers.first, \.observers.first] {
            let cluster = serving(observers: 1)
            guard let member = choose(cluster) else {
                Issue.record("no such server")
                continue
            }
            for other in cluster.members where other !== member { other.crash() }
            while member.isServing { cluster.run(milliseconds: 10) }
            cluster.run(milliseconds: 1900)
            #expect(!member.core.isReadOnly)
            cluster.run(milliseconds: 200)
            #expect(member.core.isReadOnly)
            let client = member.open()
            client.handshake(acceptsReadOnly: true)
            let response = client.connectResponse()
            #expect(response?.isReadOnly == true)
            #expect(response?.session != SessionID.none)
            #expect(client.get("/a", watch: true)?.read { try? $0.readString() } == "1")
            #expect(client.exists("/none")?.error == .noNode)
            #expect(client.read(.getChildren, "/", false)?.error == .ok)
        }
    }

    @Test("everything that a leader has to decide is answered NotReadOnly, and the session goes on")
    func refused() {
        let cluster = serving()
        let member = cluster.followers[0]
        leaveAlone(member, cluster)
        let client = member.connect(acceptsReadOnly: true)
        #expect(client.create("/b")?.error == .notReadOnly)
        #expect(client.create("/e", mode: .ephemeral)?.error == .notReadOnly)
        #expect(client.set("/a", "2")?.error == .notReadOnly)
        #expect(client.delete("/a")?.error == .notReadOnly)
        #expect(client.call(.sync) { $0.writeString("/a") }?.error == .notReadOnly)
        #expect(client.call(.multi) { $0.writeMultiEnd() }?.error == .notReadOnly)
        let check = client.call(.check) {
            $0.writeString("/a")
            $0.writeInt32(0)
        }
        #expect(check?.error == .notReadOnly)
        client.send(.ping)
        #expect(client.replies().map(\.error) == [.ok])
        #expect(client.get("/a")?.error == .ok)
        let close = client.send(.closeSession)
        cluster.settle()
        #expect(client.replies().map(\.xid) == [close])
        #expect(member.closed.last?.reason == .sessionClosed)
        #expect(member.core.sessions.localCount == 0)
    }

    @Test("a client that does not accept it, and one with a session of the ensemble, are closed")
    func whoIsServed() {
        let cluster = serving()
        let member = cluster.followers[0]
        let local = member.connect(timeoutMilliseconds: 10_000)
        let global = member.connect(timeoutMilliseconds: 10_000)
        #expect(global.create("/e", mode: .ephemeral)?.error == .ok)
        leaveAlone(member, cluster)
        let writer = member.open()
        writer.handshake()
        #expect(writer.connectResponse() == nil)
        #expect(member.closed.last?.reason == .readOnly)
        #expect(member.resume(global, acceptsReadOnly: true).session == .none)
        #expect(member.closed.last?.reason == .readOnly)
        // Its own server has a local one still.
        let resumed = member.resume(local, acceptsReadOnly: true)
        #expect(resumed.session == local.session)
        #expect(resumed.get("/a")?.error == .ok)
        let unknown = SessionID(rawValue: 77)
        let stranger = member.open()
        stranger.handshake(
            session: unknown, password: SessionPassword.password(for: unknown),
            acceptsReadOnly: true)
        #expect(stranger.connectResponse()?.timeoutMilliseconds == 0)
    }

    @Test("without local sessions there are none that it could serve")
    func needsLocalSessions() {
        let cluster = serving(local: false)
        let member = cluster.followers[0]
        leaveAlone(member, cluster)
        #expect(member.core.isReadOnly)
        let client = member.open()
        client.handshake(acceptsReadOnly: true)
        #expect(client.connectResponse() == nil)
        #expect(member.closed.last?.reason == .readOnly)
    }

    @Test("a silent client's session expires")
    func expiry() {
        let cluster = serving()
        let member = cluster.followers[0]
        leaveAlone(member, cluster)
        let silent = member.connect(timeoutMilliseconds: 500, acceptsReadOnly: true)
        let lively = member.connect(timeoutMilliseconds: 500, acceptsReadOnly: true)
        for _ in 0..<8 {
            cluster.run(milliseconds: 100)
            lively.send(.ping)
        }
        #expect(member.core.sessions[silent.session] == nil)
        #expect(member.core.sessions[lively.session] != nil)
        #expect(member.closed.last?.reason == .sessionExpired)
    }

    @Test("with a quorum again its clients are sent to connect anew, and then may write")
    func end() {
        let cluster = serving()
        let member = cluster.followers[0]
        let global = member.connect(timeoutMilliseconds: 10_000)
        #expect(global.create("/e", mode: .ephemeral)?.error == .ok)
        for other in cluster.members where other !== member { cluster.cut(member, other) }
        cluster.run(milliseconds: 4000)
        #expect(cluster.leader?.connect().create("/meanwhile")?.error == .ok)
        let client = member.connect(acceptsReadOnly: true)
        #expect(client.exists("/meanwhile", watch: true)?.error == .noNode)
        cluster.heal()
        cluster.runUntilServing()
        #expect(!member.core.isReadOnly)
        #expect(member.closed.last?.reason == .readOnlyEnded)
        let again = member.resume(client, acceptsReadOnly: true)
        #expect(again.session == client.session)
        #expect(again.exists("/meanwhile")?.error == .ok)
        #expect(again.create("/b")?.error == .ok)
        // The session of the ensemble is where it was.
        let back = member.resume(global, acceptsReadOnly: true)
        #expect(back.session == global.session)
        #expect(back.set("/e", "x")?.error == .ok)
        cluster.settle()
        cluster.expectSameTrees()
    }

    @Test("what is not known to be committed is shown to nobody (D22)")
    func uncommitted() {
        let cluster = serving()
        let member = cluster.followers[0]
        for other in cluster.members where other !== member { other.crash() }
        member.crash()
        member.restart()
        cluster.run(milliseconds: 5000)
        #expect(!member.core.isReadOnly)
        #expect(
            member.notices.contains(
                .readOnlyWithheld(member.core.lastProcessedZxid, assured: .zero)))
        // Once it has had a leader it knows.
        let other = cluster.members.first { $0 !== member }
        other?.restart()
        cluster.runUntilServing()
        cluster.run(milliseconds: 200)
        other?.crash()
        cluster.run(milliseconds: 4000)
        #expect(member.core.isReadOnly)
    }

    @Test("3526: what a deposed leader had alone is not shown by it, and is cut when it comes back")
    func uncommittedTail() {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let writer = leader.connect(timeoutMilliseconds: 10_000)
        for other in cluster.members where other !== leader { cluster.stall(leader, other) }
        writer.send(.setData) {
            $0.writeString("/a")
            $0.writeString("alone")
            $0.writeInt32(-1)
        }
        leader.endTurn()
        while !leader.disk.queue.isEmpty { leader.performDiskOrder() }
        let alone = leader.disk.last
        cluster.isolate(leader)
        cluster.resume()
        cluster.run(milliseconds: 6000)
        #expect(leader.core.isReadOnly)
        #expect(leader.disk.last == alone, "its log has it still")
        let reader = leader.connect(acceptsReadOnly: true)
        #expect(reader.get("/a")?.read { try? $0.readString() } == "1")
        #expect(cluster.leader?.connect().set("/a", "theirs")?.error == .ok)
        cluster.heal()
        cluster.runUntilServing()
        cluster.run(milliseconds: 200)
        #expect(leader.disk.records.allSatisfy { $0.zxid != alone })
        #expect(leader.connect().get("/a")?.read { try? $0.readString() } == "theirs")
        cluster.expectSameTrees()
    }

    @Test("it is off unless it is asked for")
    func off() {
        let cluster = serving { $0.readOnlyGrace = nil }
        let member = cluster.followers[0]
        leaveAlone(member, cluster)
        #expect(!member.core.isReadOnly)
        let client = member.open()
        client.handshake(acceptsReadOnly: true)
        #expect(client.connectResponse() == nil)
    }

    @Test("an ensemble with a quorum never serves reads only")
    func quorum() {
        let cluster = serving()
        cluster.leader?.crash()
        cluster.run(milliseconds: 6000)
        for member in cluster.members where member.isUp {
            #expect(member.isServing)
            #expect(!member.notices.contains { if case .readOnlyBegan = $0 { true } else { false } })
        }
    }
}
