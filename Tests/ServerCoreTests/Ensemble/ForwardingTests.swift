import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("Followers and observers: forwarded writes, local reads, watches")
struct ForwardingTests {
    @Test("a write at any server is applied on all and answered where it was asked for")
    func everywhere() {
        let cluster = Cluster.serving(voters: 3, observers: 1)
        for member in cluster.members {
            let client = member.connect()
            let path = "/from\(member.id)"
            #expect(client.create(path, "x")?.error == .ok)
            #expect(client.create(path)?.error == .nodeExists)
            #expect(client.set(path, "y")?.stat?.version == 1)
            #expect(client.get(path)?.read { try? $0.readString() } == "y")
        }
        cluster.settle()
        cluster.expectSameTrees()
    }

    @Test("replies come in the order of the requests, reads see the session's earlier writes")
    func order() {
        let cluster = Cluster.serving(voters: 3)
        let client = cluster.followers[0].connect()
        var expected: [Int32] = []
        for round in 0..<20 {
            expected.append(client.send(.create) { $0.writeCreate("/n\(round)", "\(round)") })
            expected.append(
                client.send(.getData) {
                    $0.writeString("/n\(round)")
                    $0.writeBool(false)
                })
        }
        cluster.settle()
        let replies = client.replies()
        #expect(replies.map(\.xid) == expected)
        #expect(replies.allSatisfy { $0.error == .ok })
        let read = stride(from: 1, to: 40, by: 2).map { replies[$0].read { try? $0.readString() } }
        #expect(read == (0..<20).map { "\($0)" })
    }

    @Test("a watch at a follower fires before the reply of the write that it saw")
    func watches() {
        let cluster = Cluster.serving(voters: 3)
        let client = cluster.followers[0].connect()
        client.create("/a", "1")
        _ = client.get("/a", watch: true)
        let set = client.send(.setData) {
            $0.writeString("/a")
            $0.writeString("2")
            $0.writeInt32(-1)
        }
        cluster.settle()
        #expect(client.replies().map(\.xid) == [SpecialXid.notification, set])
    }

    @Test("who the client is goes with its requests: lists are made and checked at the leader")
    func identities() {
        let cluster = Cluster.serving(voters: 3) {
            // super:secret
            $0.superDigest = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
        }
        let owner = cluster.followers[0].connect()
        owner.authenticate("me:pw")
        let mine = [ACLEntry(permissions: .all, identity: Identity(scheme: "auth", id: ""))]
        #expect(owner.create("/mine", "", acl: mine)?.error == .ok)
        #expect(owner.set("/mine", "x")?.error == .ok)
        let other = cluster.followers[1].connect()
        #expect(other.set("/mine", "x")?.error == .noAuth)
        let root = cluster.followers[1].connect()
        root.authenticate("super:secret")
        #expect(root.set("/mine", "x")?.error == .ok)
    }

    @Test("a multi at a follower happens whole or not at all")
    func multi() {
        let cluster = Cluster.serving(voters: 3)
        let client = cluster.followers[1].connect()
        client.create("/a")
        let reply = client.call(.multi) {
            $0.writePart(.create) { $0.writeCreate("/b", "") }
            $0.writePart(.create) { $0.writeCreate("/a", "") }
            $0.writeMultiEnd()
        }
        #expect(reply?.error == .ok)
        #expect(client.exists("/b")?.error == .noNode)
    }

    @Test("a session closed at a follower takes its ephemerals along everywhere")
    func close() {
        let cluster = Cluster.serving(voters: 3)
        let member = cluster.followers[0]
        let client = member.connect()
        client.create("/e", "", mode: .ephemeral)
        let close = client.send(.closeSession)
        cluster.settle()
        #expect(client.replies().map(\.xid) == [close])
        #expect(member.closed.map(\.reason) == [.sessionClosed])
        for other in cluster.members { #expect(other.connect().exists("/e")?.error == .noNode) }
        cluster.settle()
        #expect(cluster.leader?.core.sessions[client.session] == nil)
    }

    @Test("sync at a follower: what was answered elsewhere before is read afterwards")
    func sync() {
        let cluster = Cluster.serving(voters: 3, observers: 1)
        guard let leader = cluster.leader else { return }
        let writer = leader.connect()
        writer.create("/a", "0")
        for (round, member) in (cluster.followers + cluster.observers + [leader]).enumerated() {
            let reader = member.connect()
            let path = "/a"
            writer.set(path, "\(round)")
            let sync = reader.send(.sync) { $0.writeString(path) }
            let get = reader.send(.getData) {
                $0.writeString(path)
                $0.writeBool(false)
            }
            cluster.run(milliseconds: 100)
            let replies = reader.replies()
            #expect(replies.map(\.xid) == [sync, get])
            #expect(replies.first?.read { try? $0.readString() } == path)
            #expect(replies.last?.read { try? $0.readString() } == "\(round)")
        }
    }

    @Test("a leader without its quorum confirms no sync")
    func deposed() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let client = leader.connect(timeoutMilliseconds: 10_000)
        cluster.isolate(leader)
        client.send(.sync) { $0.writeString("/") }
        cluster.run(milliseconds: 3000)
        #expect(client.replies().isEmpty)
        #expect(leader.closed.map(\.reason) == [.notServing])
    }
}
