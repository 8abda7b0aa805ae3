import Testing
import ZKNode
import ZKWire

@Suite("An ensemble: whole servers that elect, replicate, lose one and take it back", .serialized)
struct EnsembleTests {
    @Test("three blank servers elect a leader, and a write by a follower is on all of them")
    func write() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let leader = try #require(ensemble.settle())
        let follower = leader % 3 + 1
        #expect(ensemble.mode(follower) == "follower")
        let client = try ensemble.client(of: follower)
        client.create("/a")
        #expect(try client.reply().error == .ok)
        for id in 1...3 { #expect(eventually { ensemble.has(id, "/a") }, "server \(id)") }
    }

    @Test("a leader that is lost is replaced; when it comes back it has what it missed")
    func lostLeader() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let first = try #require(ensemble.settle())
        let client = try ensemble.client(of: first)
        client.create("/before")
        #expect(try client.reply().error == .ok)
        ensemble.stopAbruptly(first)
        let second = try #require(ensemble.settle())
        #expect(second != first)
        let other = try ensemble.client(of: second)
        other.create("/meanwhile")
        #expect(try other.reply().error == .ok)
        try ensemble.start(first)
        _ = try #require(ensemble.settle())
        for path in ["/before", "/meanwhile"] {
            #expect(eventually { ensemble.has(first, path) }, "\(path)")
        }
    }

    @Test("a server whose disk was lost gets a snapshot, where the log does not go back so far")
    func lostDisk() throws {
        let ensemble = TestEnsemble(3) { $0.snapshots.transactionCount = 8 }
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let leader = try #require(ensemble.settle())
        let lost = leader % 3 + 1
        ensemble.stopAbruptly(lost)
        ensemble.wipe(lost)
        let client = try ensemble.client(of: leader)
        // More than a leader keeps in memory.
        for number in 0..<60 {
            client.create("/n\(number)", bytes: 200_000)
            #expect(try client.reply().error == .ok)
        }
        #expect(eventually { !ensemble.hasFirstSegment(leader) })
        try ensemble.start(lost)
        #expect(ensemble.settle() == leader)
        #expect(ensemble.ask(leader, "mntr").contains("zk_snap_count\t1\n"))
        client.create("/last")
        #expect(try client.reply().error == .ok)
        for path in ["/n0", "/n59", "/last"] {
            #expect(eventually { ensemble.has(lost, path) }, "\(path)")
        }
        // What it was sent is its own now, on its disk.
        ensemble.stopAbruptly(lost)
        try ensemble.start(lost)
        #expect(ensemble.settle() == leader)
        #expect(eventually { ensemble.has(lost, "/n0") && ensemble.has(lost, "/last") })
        #expect(ensemble.ask(leader, "mntr").contains("zk_snap_count\t1\n"))
    }

    @Test("an observer is brought up and serves, though it has no vote")
    func observer() throws {
        let ensemble = TestEnsemble(4, observers: 1)
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let leader = try #require(ensemble.settle())
        #expect(leader != 4)
        #expect(ensemble.mode(4) == "observer")
        let client = try ensemble.client(of: 4)
        client.create("/by-observer")
        #expect(try client.reply().error == .ok)
        for id in 1...4 { #expect(eventually { ensemble.has(id, "/by-observer") }) }
        #expect(eventually { ensemble.ask(leader, "mntr").contains("zk_synced_observers\t1\n") })
    }

    @Test("a leader that is stopped hands over first")
    func handOver() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let first = try #require(ensemble.settle())
        ensemble.stop(first)
        // The others have elected already.
        let second = try #require(ensemble.settle(within: 5))
        #expect(second != first)
    }

    @Test("the operator has the leader hand over, and nobody else")
    func handOverByCommand() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let first = try #require(ensemble.settle())
        let refusal = try ensemble.command("handover", of: first % 3 + 1)
        #expect(AdminReply.text("error", in: refusal) == "this server does not lead")
        let answer = try ensemble.command("handover", of: first)
        let second = AdminReply.text("leader", in: answer).flatMap { Int($0) }
        #expect(second != nil && second != first, "\(answer)")
        #expect(ensemble.settle() == second)
    }

    @Test("strangers on the ports of the ensemble cost themselves only")
    func strangers() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let leader = try #require(ensemble.settle())
        let zxid = ensemble.ask(leader, "srvr")
        var silent: [SocketClient] = []
        for id in 1...3 {
            for port in [ensemble.electionPort(of: id), ensemble.quorumPort(of: id)] {
                silent.append(SocketClient(port: port))
                for bytes in Self.nonsense {
                    let client = SocketClient(port: port)
                    client.write(bytes)
                    client.closeOutput()
                    _ = client.readToEnd()
                }
            }
        }
        #expect(ensemble.leader() == leader)
        let epoch = ensemble.ask(leader, "srvr").contains("Zxid: 0x1")
        #expect(epoch == zxid.contains("Zxid: 0x1"))
        let client = try ensemble.client(of: leader % 3 + 1)
        client.create("/still")
        #expect(try client.reply().error == .ok)
        withExtendedLifetime(silent) {}
    }

    @Test("a port of the ensemble that is taken is said so, and leaves nothing behind")
    func portTaken() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        let taken = PortHolder(port: ensemble.quorumPort(of: 1))
        let failure = #expect(throws: ServerFailure.self) { try ensemble.start(1) }
        #expect(failure?.code == .cannotListen)
        #expect(failure?.description.contains("\(ensemble.quorumPort(of: 1))") == true)
        taken.release()
        try ensemble.startAll()
        _ = try #require(ensemble.settle())
    }

    @Test("a server whose id none of the lines has is refused before anything is made")
    func foreignID() throws {
        let directory = TemporaryDirectory()
        var configuration = TestEnsemble(3).configuration(of: 1)
        configuration.storage.dataDir = directory.path
        configuration.myID = 7
        let failure = #expect(throws: ServerFailure.self) { try TestNode(configuration) }
        #expect(failure?.code == .badConfiguration)
        #expect(failure?.description.contains("1, 2, 3") == true)
        #expect(directory.names(in: "").isEmpty)
    }

    @Test("a lone member of three serves nobody and says so")
    func alone() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        try ensemble.start(1)
        for word in ["srvr", "mntr", "stat", "conf"] {
            let answer = ensemble.ask(1, word)
            #expect(answer == "This ZooKeeper instance is not currently serving requests\n")
        }
        #expect(ensemble.ask(1, "isro") == "null")
        #expect(ensemble.ask(1, "ruok") == "imok")
    }

    @Test("the words and /zookeeper/config tell what the ensemble is")
    func words() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let leader = try #require(ensemble.settle())
        let membership = (1...3).map { id in
            let ports = "\(ensemble.quorumPort(of: id)):\(ensemble.electionPort(of: id))"
            return "server.\(id)=127.0.0.1:\(ports):participant\n"
        }.joined() + "version=0"
        #expect(ensemble.ask(leader, "conf").hasSuffix("peerType=0\nmembership: \n" + membership))
        let monitor = ensemble.ask(leader, "mntr")
        for line in ["server_state\tleader", "quorum_size\t3", "synced_followers\t2",
            "followers\t2", "learners\t2", "pending_syncs\t0"]
        {
            #expect(monitor.contains("zk_\(line)\n"), "\(line)")
        }
        #expect(ensemble.ask(leader, "isro") == "rw")
        let follower = leader % 3 + 1
        #expect(ensemble.ask(follower, "mntr").contains("zk_server_state\tfollower\n"))
        let client = try ensemble.client(of: follower)
        client.send(.getData) {
            $0.writeString("/zookeeper/config")
            $0.writeBool(false)
        }
        let reply = try client.reply()
        #expect(reply.error == .ok)
        #expect(String(decoding: reply.body.dropFirst(4), as: UTF8.self).hasPrefix(membership))
    }

    /// Bytes that are no message, or one that must not be believed.
    private static let nonsense: [[UInt8]] = {
        let hello = ByteWriter()
        hello.writeElectionInitialMessage(
            ElectionInitialMessage(
                server: ServerID(rawValue: 77),
                addresses: [ElectionAddress(host: "127.0.0.1", port: 9)]))
        let stranger = ByteWriter()
        stranger.writeMessage(
            LearnerMessage.followerInfo(
                acceptedEpoch: Epoch(rawValue: 1 << 20),
                LearnerInfo(server: ServerID(rawValue: 77), configuration: nil)))
        return [
            [], [0], [UInt8](repeating: 0xff, count: 1000), [UInt8](repeating: 0, count: 70_000),
            hello.bytes, stranger.bytes, Array("GET / HTTP/1.1\r\n\r\n".utf8),
        ]
    }()
}
