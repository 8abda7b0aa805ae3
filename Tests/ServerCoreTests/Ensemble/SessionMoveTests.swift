import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("Sessions of an ensemble: kept, moved, expired by the leader alone")
struct SessionMoveTests {
    @Test("a session moves to another server with its ephemerals")
    func move() {
        let cluster = Cluster.serving(voters: 3, observers: 1)
        let first = cluster.followers[0].connect()
        first.create("/e", "", mode: .ephemeral)
        var password = first.password
        for member in [cluster.followers[1], cluster.leader, cluster.observers[0]].compactMap({ $0 }) {
            let next = member.open()
            next.handshake(session: first.session, password: password)
            cluster.settle()
            #expect(next.connectResponse()?.session == first.session)
            #expect(next.exists("/e")?.stat?.ephemeralOwner == first.session.rawValue)
            #expect(next.set("/e", "\(member.id)")?.error == .ok)
            password = next.password
        }
    }

    @Test("a write by the server that the session has left is answered SessionMoved")
    func moved() {
        let cluster = Cluster.serving(voters: 3)
        let old = cluster.followers[0].connect()
        let next = cluster.followers[1].open()
        next.handshake(session: old.session, password: old.password)
        cluster.settle()
        _ = next.connectResponse()
        #expect(old.create("/old")?.error == .sessionMoved)
        #expect(next.create("/new")?.error == .ok)
        guard let leader = cluster.leader else { return }
        let last = leader.open()
        last.handshake(session: old.session, password: old.password)
        cluster.settle()
        _ = last.connectResponse()
        #expect(next.create("/again")?.error == .sessionMoved)
        #expect(last.create("/last")?.error == .ok)
    }

    @Test("an unknown session and a wrong password are refused at a follower")
    func refused() {
        let cluster = Cluster.serving(voters: 3)
        let member = cluster.followers[0]
        let client = member.connect()
        let thief = cluster.followers[1].open()
        thief.handshake(session: client.session)
        cluster.settle()
        #expect(thief.connectResponse()?.timeoutMilliseconds == 0)
        let unknown = SessionID(rawValue: 99)
        let ghost = member.open()
        ghost.handshake(session: unknown, password: SessionPassword.password(for: unknown))
        cluster.settle()
        #expect(ghost.connectResponse()?.timeoutMilliseconds == 0)
        #expect(member.closed.map(\.reason) == [.sessionInvalid])
        #expect(member.core.sessions[unknown] == nil)
    }

    @Test("who comes back at the same follower reads what it wrote by its former connection")
    func resumeWithWritesInFlight() {
        let cluster = Cluster.serving(voters: 3, observers: 1)
        for member in [cluster.followers[0], cluster.observers[0]] {
            let first = member.connect()
            let path = "/a\(member.id)"
            first.send(.create) { $0.writeCreate(path, "new") }
            member.endTurn()
            member.step(.connectionClosed(first.id))
            let second = member.open()
            second.handshake(session: first.session, password: first.password)
            let get = second.send(.getData) {
                $0.writeString(path)
                $0.writeBool(false)
            }
            let set = second.send(.setData) {
                $0.writeString(path)
                $0.writeString("newer")
                $0.writeInt32(-1)
            }
            cluster.settle()
            let replies = second.replies().dropFirst()
            #expect(replies.map(\.xid) == [get, set])
            #expect(replies.first?.read { try? $0.readString() } == "new")
        }
    }

    @Test("the leader expires a follower's silent client everywhere, and keeps one that pings")
    func expiry() {
        let cluster = Cluster.serving(voters: 3, observers: 1)
        let member = cluster.observers[0]
        let silent = member.connect(timeoutMilliseconds: 600)
        let lively = cluster.followers[0].connect(timeoutMilliseconds: 600)
        silent.create("/silent", "", mode: .ephemeral)
        lively.create("/lively", "", mode: .ephemeral)
        for _ in 0..<20 {
            cluster.run(milliseconds: 100)
            lively.send(.ping)
        }
        #expect(member.closed.map(\.reason) == [.sessionExpired])
        for member in cluster.members {
            let client = member.connect()
            #expect(client.exists("/silent")?.error == .noNode)
            #expect(client.exists("/lively")?.error == .ok)
        }
        let expirers = cluster.members.filter { $0.core.statistics.sessionsExpired > 0 }
        #expect(expirers.map(\.id) == [cluster.leader?.id].compactMap { $0 })
    }

    @Test("a session that nobody has any more expires, whichever server made it")
    func orphan() {
        let cluster = Cluster.serving(voters: 3)
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 500)
        client.create("/e", "", mode: .ephemeral)
        member.crash()
        cluster.run(milliseconds: 1500)
        #expect(cluster.leader?.connect().exists("/e")?.error == .noNode)
        #expect(cluster.followers[0].core.tree.sessions.timeout(of: client.session) == nil)
    }

    @Test("a new leader gives every session its whole time-out, and clients stay connected")
    func newLeader() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let clients = cluster.followers.map { $0.connect(timeoutMilliseconds: 800) }
        for (number, client) in clients.enumerated() {
            client.create("/e\(number)", "", mode: .ephemeral)
        }
        cluster.run(milliseconds: 400)
        leader.crash()
        cluster.runUntilServing()
        cluster.run(milliseconds: 500)
        for (number, client) in clients.enumerated() {
            #expect(client.set("/e\(number)", "x")?.error == .ok)
        }
        #expect(cluster.followers.flatMap(\.closed).isEmpty)
        cluster.run(milliseconds: 2000)
        #expect(cluster.leader?.connect().exists("/e0")?.error == .noNode)
    }
}
