import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("Local sessions: known to one server only")
struct LocalSessionTests {
    private func serving(observers: Int = 0) -> Cluster {
        Cluster.serving(voters: 3, observers: observers) { $0.areSessionsLocal = true }
    }

    private func proposals(_ cluster: Cluster) -> Int64 {
        cluster.leader?.core.statistics.proposals ?? -1
    }

    @Test("they begin, read, watch and end without a transaction, at every server")
    func nothingProposed() {
        let cluster = serving(observers: 1)
        for member in cluster.members {
            let client = member.connect()
            #expect(client.session != .none)
            #expect(client.exists("/none", watch: true)?.error == .noNode)
            #expect(member.core.sessions.localCount == 1)
            let close = client.send(.closeSession)
            cluster.settle()
            #expect(client.replies().map(\.xid) == [close])
            #expect(member.closed.map(\.reason) == [.sessionClosed])
            #expect(member.core.sessions.localCount == 0)
            #expect(member.core.sessions[client.session] == nil)
        }
        #expect(proposals(cluster) == 0)
        #expect(cluster.members.allSatisfy { $0.core.tree.sessions.count == 0 })
    }

    @Test("they write through every server, in order with what they read")
    func writes() {
        let cluster = serving(observers: 1)
        for member in cluster.members {
            let client = member.connect()
            let path = "/a\(member.id)"
            #expect(client.create(path, "1")?.error == .ok)
            _ = client.get(path, watch: true)
            let set = client.send(.setData) {
                $0.writeString(path)
                $0.writeString("2")
                $0.writeInt32(-1)
            }
            let get = client.send(.getData) {
                $0.writeString(path)
                $0.writeBool(false)
            }
            let close = client.send(.closeSession)
            cluster.settle()
            let replies = client.replies()
            #expect(replies.map(\.xid) == [SpecialXid.notification, set, get, close])
            #expect(replies[2].read { try? $0.readString() } == "2")
        }
        cluster.settle()
        cluster.expectSameTrees()
    }

    @Test("what needs a session of the ensemble is refused with -120, and in a multi all with it")
    func ephemeralRefused() {
        let cluster = serving(observers: 1)
        for member in cluster.members {
            let client = member.connect()
            for mode in [CreateMode.ephemeral, .ephemeralSequential] {
                let reply = client.create("/e", mode: mode)
                #expect(reply?.error == .ephemeralOnLocalSession, "at \(member.id)")
            }
            let multi = client.call(.multi) {
                $0.writePart(.create) { $0.writeCreate("/m", "") }
                $0.writePart(.create) { $0.writeCreate("/e", "", .ephemeral) }
                $0.writeMultiEnd()
            }
            let first = multi?.read { try? $0.readPartError() }
            #expect(first == .ok)
            let second = multi?.read { reader in
                _ = try? reader.readPartError()
                return try? reader.readPartError()
            }
            #expect(second == .ephemeralOnLocalSession)
            #expect(client.exists("/m")?.error == .noNode)
            #expect(client.create("/kept\(member.id)")?.error == .ok)
            #expect(member.core.sessions.localCount == 1)
        }
    }

    @Test("a silent one expires at its own server, one that pings does not, no leader is asked")
    func expiry() {
        let cluster = serving()
        for member in cluster.members {
            let silent = member.connect(timeoutMilliseconds: 600)
            let lively = member.connect(timeoutMilliseconds: 600)
            let before = proposals(cluster)
            for _ in 0..<12 {
                cluster.run(milliseconds: 100)
                lively.send(.ping)
            }
            #expect(member.closed.map(\.reason) == [.sessionExpired])
            #expect(member.closed.map(\.connection) == [silent.id])
            #expect(member.core.sessions[silent.session] == nil)
            #expect(member.core.sessions[lively.session] != nil)
            #expect(proposals(cluster) == before)
            member.step(.connectionClosed(lively.id))
        }
    }

    @Test("it goes on by a new connection to its server, and is expired for any other server")
    func resumeAndMove() {
        let cluster = serving()
        for member in cluster.members {
            let client = member.connect()
            let again = member.resume(client)
            #expect(again.session == client.session)
            #expect(member.closed.last?.reason == .sessionReconnected)
            #expect(again.create("/a\(member.id)")?.error == .ok)
            for other in cluster.members where other !== member {
                #expect(other.resume(again).session == .none)
            }
            #expect(again.exists("/a\(member.id)")?.error == .ok)
        }
    }

    @Test("who comes back with a write in flight reads it, at leader and learner")
    func resumeWithWritesInFlight() {
        let cluster = serving(observers: 1)
        for member in cluster.members {
            let first = member.connect()
            let path = "/w\(member.id)"
            first.send(.create) { $0.writeCreate(path, "new") }
            member.endTurn()
            member.step(.connectionClosed(first.id))
            let second = member.open()
            second.handshake(session: first.session, password: first.password)
            let get = second.send(.getData) {
                $0.writeString(path)
                $0.writeBool(false)
            }
            cluster.run(milliseconds: 100)
            let replies = second.replies().dropFirst()
            #expect(replies.map(\.xid) == [get], "at \(member.id)")
            #expect(replies.first?.read { try? $0.readString() } == "new", "at \(member.id)")
        }
    }

    @Test("it outlives an election with its watches, and has its whole time-out after it")
    func election() {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let clients = cluster.followers.map { $0.connect(timeoutMilliseconds: 800) }
        clients[0].create("/a")
        for client in clients { _ = client.get("/a", watch: true) }
        cluster.run(milliseconds: 400)
        leader.crash()
        cluster.runUntilServing()
        cluster.run(milliseconds: 500)
        let set = clients[0].send(.setData) {
            $0.writeString("/a")
            $0.writeString("x")
            $0.writeInt32(-1)
        }
        cluster.settle()
        #expect(clients[0].replies().map(\.xid) == [SpecialXid.notification, set])
        #expect(clients[1].replies().map(\.xid) == [SpecialXid.notification])
        cluster.run(milliseconds: 1500)
        #expect(cluster.followers.flatMap(\.closed).map(\.reason).contains(.sessionExpired))
        #expect(cluster.members.filter(\.isUp).allSatisfy { $0.core.sessions.localCount == 0 })
    }

    @Test("a write on its way when the leader dies is done once, whoever leads then")
    func writeAcrossElection() {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let clients = cluster.followers.map { $0.connect(timeoutMilliseconds: 5000) }
        for follower in cluster.followers { cluster.stall(leader, follower) }
        let xids = clients.enumerated().map { number, client in
            client.send(.create) { $0.writeCreate("/n\(number)", "") }
        }
        leader.crash()
        cluster.resume()
        cluster.runUntilServing()
        cluster.run(milliseconds: 200)
        for (client, xid) in zip(clients, xids) {
            let replies = client.replies()
            #expect(replies.map(\.xid) == [xid])
            #expect(replies.map(\.error) == [.ok])
        }
    }

    @Test("a session of the ensemble that has ended is not taken for another server's local one")
    func endedSession() {
        let cluster = Cluster.serving(voters: 3) {
            $0.areSessionsLocal = true
            $0.areLocalSessionsUpgraded = true
        }
        guard let leader = cluster.leader else { return }
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 600)
        #expect(client.create("/e", mode: .ephemeral)?.error == .ok)
        // What the leader sends does not come: the follower has not heard that the session is dead.
        cluster.stall(leader, member)
        cluster.run(milliseconds: 900)
        let late = client.send(.create) { $0.writeCreate("/late", "") }
        member.endTurn()
        cluster.deliverAll(to: leader)
        cluster.settle()
        #expect(leader.core.sessions[client.session] == nil)
        cluster.resume()
        cluster.run(milliseconds: 300)
        #expect(client.replies().allSatisfy { $0.xid != late || $0.error != .ok })
        for member in cluster.members {
            let reader = member.connect()
            #expect(reader.exists("/late")?.error == .noNode)
            #expect(reader.exists("/e")?.error == .noNode)
        }
    }
}

extension JuteReader {
    /// The error of the next part of a multi's reply; leaves what a create answers behind.
    fileprivate mutating func readPartError() throws -> ErrorCode {
        _ = try readInt32()
        _ = try readBool()
        _ = try readInt32()
        return ErrorCode(rawValue: try readInt32()) ?? .systemError
    }
}
