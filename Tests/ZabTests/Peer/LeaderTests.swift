import Testing
import ZKWire
import Zab

/// Transactions of the epochs in these scripts.
private func z(_ epoch: UInt32, _ counter: UInt32) -> Zxid { PeerScript.zxid(epoch, counter) }

@Suite("A leader")
struct LeaderTests {
    @Test("It promises, then invites; adopts, then synchronizes; establishes, then serves")
    func phases() {
        let script = PeerScript(last: z(1, 5))
        script.becomeLeader()
        #expect(script.peer.role == .leading(Epoch(rawValue: 1), isEstablished: false))
        _ = script.done()
        script.arrive(2, server: 2)
        #expect(script.done() == ["write 2 1"])
        script.disk()
        #expect(script.done() == ["2 leaderInfo 0x200000000"])
        script.learner(
            2, says: .ackEpoch(lastLoggedZxid: z(1, 5), currentEpoch: Epoch(rawValue: 1)))
        #expect(script.done() == ["write 2 2"])
        script.disk()
        #expect(script.done() == ["2 diff 0x100000005", "2 newLeader 0x200000000"])
        #expect(!script.peer.role.isServing)
        script.learner(2, says: .ack(z(2, 0)))
        #expect(script.done() == ["2 upToDate 0xffffffffffffffff"])
        #expect(script.peer.role == .leading(Epoch(rawValue: 2), isEstablished: true))
        #expect(script.peer.nextZxid == z(2, 1))
    }

    @Test("A transaction is committed when a quorum and its own disk have it")
    func commit() {
        let script = PeerScript()
        script.becomeEstablished()
        script.propose(2)
        #expect(
            script.done() == [
                "log 0x200000001 0x200000002", "2 proposal 0x200000001", "2 proposal 0x200000002",
            ])
        script.learner(2, says: .ack(z(2, 2)))
        #expect(script.deliver() == [])
        script.disk()
        #expect(script.deliver() == [z(2, 1), z(2, 2)])
        #expect(script.done() == ["2 commit 0x200000002"])
    }

    @Test("Apache's followers get a COMMIT for each transaction")
    func apacheCommits() {
        let script = PeerScript()
        script.becomeEstablished(version: 0x10000)
        script.propose(2)
        script.disk()
        _ = script.done()
        script.learner(2, says: .ack(z(2, 1)))
        #expect(script.done() == ["2 commit 0x200000001"])
        script.learner(2, says: .ack(z(2, 2)))
        #expect(script.done() == ["2 commit 0x200000002"])
    }

    @Test("Apache's followers get no COMMIT before UPTODATE, and then all (ZOOKEEPER-4394)")
    func apacheCommitsWait() {
        let script = PeerScript()
        script.becomeEstablished()
        script.arrive(3, server: 3, version: 0x10000)
        script.learner(3, says: .ackEpoch(lastLoggedZxid: .zero, currentEpoch: Epoch(rawValue: 1)))
        script.propose(2)
        script.disk()
        script.learner(2, says: .ack(z(2, 2)))
        #expect(
            script.done().filter { $0.hasPrefix("3 ") } == [
                "3 leaderInfo 0x200000000", "3 diff 0x0", "3 newLeader 0x200000000",
                "3 proposal 0x200000001", "3 proposal 0x200000002",
            ])
        script.learner(3, says: .ack(z(2, 0)))
        #expect(
            script.done() == [
                "3 upToDate 0xffffffffffffffff", "3 commit 0x200000001", "3 commit 0x200000002",
            ])
    }

    @Test("An Apache learner is cut within an epoch only; one of ours wherever it parted")
    func apacheTruncation() {
        for (version, expected) in [
            (Int32(0x10001), "3 trunc 0x100000005"),
            (0x10000, "stream 3 after 0x200000001 to 0x100000005"),
        ] {
            let script = PeerScript(epoch: 2, last: z(1, 5))
            script.becomeLeader()
            script.inviteFollower(last: z(1, 5), epoch: 2)
            script.learner(2, says: .ack(z(3, 0)))
            script.arrive(3, server: 3, accepted: 2, version: version)
            _ = script.done()
            script.learner(
                3, says: .ackEpoch(lastLoggedZxid: z(2, 1), currentEpoch: Epoch(rawValue: 2)))
            #expect(script.done().first == expected)
        }
    }

    @Test("The uncommitted end of a new leader's log is committed to Apache's learners only")
    func tail() {
        for (version, commits) in [(Int32(0x10001), 0), (0x10000, 2)] {
            // It knows (1,1) to be committed, and was given (1,2) and (1,3).
            let script = PeerScript()
            script.becomeLearner()
            script.leader(says: .leaderInfo(Epoch(rawValue: 1), protocolVersion: 0x10001))
            script.leader(says: .diff(.zero))
            script.leader(says: .newLeader(z(1, 0), membership: nil))
            script.disk()
            script.leader(says: .upToDate)
            script.leader(proposes: z(1, 1), z(1, 2), z(1, 3))
            script.leader(says: .commit(z(1, 1)))
            script.disk()
            _ = script.deliver()
            script.step(.linkClosed(LinkID(rawValue: 9)))
            for server in [Int64(2), 3] {
                script.step(
                    .notification(
                        Zab.Notification(
                            sender: ServerID(rawValue: server), state: .looking,
                            vote: Zab.Vote(
                                leader: script.me, zxid: z(1, 3), peerEpoch: Epoch(rawValue: 1)),
                            round: 2)))
            }
            script.wait(milliseconds: 300)
            script.arrive(2, server: 2, version: version)
            script.disk()
            _ = script.done()
            script.learner(
                2, says: .ackEpoch(lastLoggedZxid: z(1, 1), currentEpoch: Epoch(rawValue: 1)))
            script.disk()
            let sent = script.done().filter { $0.hasPrefix("2 ") }
            #expect(sent.filter { $0.hasPrefix("2 proposal") }.count == 2)
            #expect(sent.filter { $0.hasPrefix("2 commit") }.count == commits, "\(sent)")
        }
    }

    @Test("A learner with a better history ends the leadership; after the quorum it is cut")
    func betterHistory() {
        let script = PeerScript(last: z(1, 5))
        script.becomeLeader()
        script.arrive(2, server: 2)
        script.disk()
        script.learner(
            2, says: .ackEpoch(lastLoggedZxid: z(1, 6), currentEpoch: Epoch(rawValue: 1)))
        #expect(script.peer.role == .looking)
        let established = PeerScript(last: z(1, 5))
        established.becomeEstablished()
        established.arrive(3, server: 3)
        established.learner(
            3, says: .ackEpoch(lastLoggedZxid: z(1, 6), currentEpoch: Epoch(rawValue: 1)))
        #expect(
            established.done() == [
                "3 leaderInfo 0x200000000", "3 trunc 0x100000005", "3 newLeader 0x200000000",
            ])
        #expect(established.peer.role.isServing)
    }

    @Test("An end where an epoch begins is never cut: DIFF if the epoch is here, else the disk decides")
    func epochStart() {
        let script = PeerScript(last: z(1, 5))
        script.becomeEstablished()
        script.propose(2)
        script.disk()
        script.learner(2, says: .ack(z(2, 2)))
        script.step(.linkClosed(LinkID(rawValue: 2)))
        script.inviteFollower(last: z(2, 0), version: 0x10000)
        #expect(script.done().contains("2 diff 0x200000002"))
        for (epoch, expected) in [
            // It followed the leader of epoch 2, so that it has what was there when that began.
            (UInt32(2), "2 diff 0x100000005"), (3, "stream 2 after 0x200000000 to 0x100000005"),
        ] {
            let idle = PeerScript(epoch: epoch, last: z(1, 5))
            idle.becomeLeader()
            idle.inviteFollower(last: z(1, 5), epoch: epoch)
            idle.learner(2, says: .ack(z(epoch + 1, 0)))
            idle.flush()
            idle.step(.linkClosed(LinkID(rawValue: 2)))
            idle.inviteFollower(last: z(2, 0), epoch: epoch + 1, version: 0x10000)
            #expect(idle.done().contains(expected))
        }
    }

    @Test("An observer gets what is committed, as INFORM once it is synced")
    func observer() {
        let script = PeerScript(observers: 1)
        script.becomeEstablished()
        script.propose()
        script.arrive(4, server: 4, isObserver: true)
        script.learner(4, says: .ackEpoch(lastLoggedZxid: .zero, currentEpoch: Epoch(rawValue: 1)))
        script.learner(4, says: .ack(z(2, 0)))
        #expect(
            script.done().filter { $0.hasPrefix("4 ") } == [
                "4 leaderInfo 0x200000000", "4 diff 0x0", "4 newLeader 0x200000000",
                "4 upToDate 0xffffffffffffffff",
            ])
        script.learner(4, says: .ack(z(2, 1)))
        script.disk()
        #expect(script.peer.history.committed == .zero, "an observer's ACK counts for nothing")
        script.learner(2, says: .ack(z(2, 1)))
        #expect(script.done().contains("4 inform 0x200000001"))
    }

    @Test("Voters only make the epoch, and nobody changes it who is not of the ensemble")
    func strangers() {
        let script = PeerScript(observers: 1)
        script.becomeLeader()
        _ = script.done()
        script.arrive(5, server: 77, accepted: 50)
        script.arrive(6, server: 4, accepted: 60)
        script.arrive(7, server: 4, accepted: 70, isObserver: true)
        script.arrive(8, server: 2, accepted: .max)
        script.arrive(10, server: 1, accepted: 9)
        script.arrive(11, server: 2, version: 0xffff)
        #expect(
            script.done() == [
                "close 5 unknownServer", "close 6 protocolViolation", "close 8 protocolViolation",
                "close 10 unknownServer", "close 11 incompatible",
            ])
        script.arrive(2, server: 2, accepted: 3)
        #expect(script.done() == ["write 4 1"])
    }

    @Test("A learner that is registered in the midst of a turn gets each proposal once")
    func openTurn() {
        let script = PeerScript()
        script.becomeEstablished()
        script.arrive(3, server: 3)
        _ = script.done()
        let offset = script.peer.payloads.count
        script.peer.payloads.writeInt64(1)
        script.peer.propose(from: offset)
        script.learner(3, says: .ackEpoch(lastLoggedZxid: .zero, currentEpoch: Epoch(rawValue: 1)))
        script.propose()
        let sent = script.done().filter { $0.hasPrefix("3 ") }
        #expect(
            sent == [
                "3 diff 0x0", "3 proposal 0x200000001", "3 newLeader 0x200000000",
                "3 proposal 0x200000002",
            ])
    }

    @Test("A server that comes again takes the place of its old link")
    func replacement() {
        let script = PeerScript()
        script.becomeEstablished()
        script.arrive(3, server: 2)
        #expect(script.done() == ["3 leaderInfo 0x200000000", "close 2 replaced"])
        // What the old link still brings is nothing.
        script.propose()
        script.disk()
        script.learner(2, says: .ack(z(2, 1)))
        #expect(script.peer.history.committed == .zero)
    }

    @Test("Without a quorum it steps down after syncLimit; one that follows keeps it there")
    func quorumLost() {
        let script = PeerScript()
        script.becomeEstablished()
        for _ in 0..<20 {
            script.wait(milliseconds: 50)
            script.learner(2, says: .ack(z(2, 0)))
        }
        #expect(script.peer.role.isServing)
        script.wait(milliseconds: 600)
        #expect(script.peer.role == .looking)
        #expect(script.done().contains("close 2 silent"))
    }

    @Test("Nobody follows within initLimit: it looks again")
    func nobodyFollows() {
        let script = PeerScript()
        script.becomeLeader()
        script.wait(milliseconds: 600)
        #expect(script.peer.role != .looking)
        script.wait(milliseconds: 500)
        #expect(script.peer.role == .looking)
    }

    @Test("4074: A learner that takes nothing is cut off at the bound, and the leader goes on")
    func outputBound() {
        let script = PeerScript { $0.maximumLinkBytes = 100 }
        script.becomeEstablished()
        for _ in 0..<3 {
            for _ in 0..<3 {
                let offset = script.peer.payloads.count
                script.peer.payloads.writeInt64(7)
                script.peer.propose(from: offset)
            }
            script.peer.flush(into: &script.effects)
        }
        script.flush()
        #expect(script.done().contains("close 2 outputBound"))
        #expect(script.peer.role.isServing)
    }
}
