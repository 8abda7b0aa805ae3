import Testing
import ZKWire
import Zab

/// Transactions of the epochs in these scripts.
private func z(_ epoch: UInt32, _ counter: UInt32) -> Zxid { PeerScript.zxid(epoch, counter) }

@Suite("A learner")
struct LearnerTests {
    @Test("It promises before it answers, and names the durable end of its log")
    func discovery() {
        let script = PeerScript(last: z(1, 5))
        script.becomeLearner()
        #expect(script.done().suffix(2) == ["connect 2", "9 followerInfo 0x100000000"])
        script.leader(says: .leaderInfo(Epoch(rawValue: 2), protocolVersion: 0x10001))
        #expect(script.done() == ["write 2 1"])
        script.disk()
        #expect(script.done() == ["9 ackEpoch 0x100000005"])
    }

    @Test("The history, then the epoch, then the ACK of NEWLEADER: each durable before the next")
    func order() {
        let script = PeerScript()
        script.becomeAcknowledging()
        script.leader(says: .diff(z(1, 2)))
        script.leader(proposes: z(1, 1), z(1, 2))
        script.leader(says: .commit(z(1, 2)))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.flush()
        #expect(script.done() == ["log 0x100000001 0x100000002"])
        script.disk(1)
        #expect(script.done() == ["write 2 2"])
        script.disk(1)
        #expect(script.done() == ["9 ack 0x200000000"])
        #expect(script.deliver() == [], "nothing is committed before UPTODATE")
        script.leader(says: .upToDate)
        #expect(script.deliver() == [z(1, 1), z(1, 2)])
        #expect(script.peer.role == .following(ServerID(rawValue: 2), isSynced: true))
    }

    @Test("One ACK speaks of all that is durable; an Apache leader gets one for each")
    func acknowledgements() {
        for (version, expected) in [
            (Int32(0x10001), ["9 ack 0x200000002"]),
            (0x10000, ["9 ack 0x200000001", "9 ack 0x200000002"]),
        ] {
            let script = PeerScript()
            script.becomeSynced(version: version)
            script.leader(proposes: z(2, 1), z(2, 2))
            script.flush()
            #expect(script.done() == ["log 0x200000001 0x200000002"])
            script.disk()
            #expect(script.done() == expected)
        }
    }

    @Test("What an Apache leader had in flight is acknowledged after NEWLEADER")
    func inFlightAtApache() {
        let script = PeerScript(last: z(1, 1))
        script.becomeAcknowledging(version: 0x10000)
        script.leader(says: .diff(z(1, 1)))
        script.leader(proposes: z(2, 1))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.disk()
        #expect(
            script.done() == [
                "log 0x200000001", "write 2 2", "9 ack 0x200000000", "9 ack 0x200000001",
            ])
        script.leader(says: .upToDate)
        #expect(script.deliver() == [], "it is not committed")
        script.leader(says: .commit(z(2, 1)))
        #expect(script.deliver() == [z(2, 1)])
    }

    @Test("1549, 1558: A server whose tree has more than is committed does not serve before it is")
    func uncommittedTree() {
        // Its log ends with (1,2), which its leader has in flight.
        let script = PeerScript(epoch: 1, last: z(1, 2))
        script.becomeLearner()
        script.leader(says: .leaderInfo(Epoch(rawValue: 1), protocolVersion: 0x10001))
        script.leader(says: .diff(z(1, 1)))
        script.leader(says: .newLeader(z(1, 0), membership: nil))
        script.disk()
        script.leader(says: .upToDate)
        #expect(!script.peer.role.isServing)
        script.leader(says: .commit(z(1, 2)))
        #expect(script.peer.role.isServing)
    }

    @Test("TRUNC cuts the log; proposals behind it wait for that")
    func truncation() {
        let script = PeerScript(last: z(1, 5))
        script.becomeAcknowledging()
        script.leader(says: .trunc(z(1, 3)))
        script.leader(proposes: z(2, 1))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.flush()
        // The tree was loaded with what is cut.
        #expect(script.done() == ["truncate 0x100000003 rebuild"])
        script.disk()
        #expect(script.done() == ["log 0x200000001", "write 2 2", "9 ack 0x200000000"])
        #expect(script.peer.history.last == z(2, 1))
    }

    @Test("TRUNC behind what is known to be committed is refused")
    func unsafeTruncation() {
        let script = PeerScript()
        script.becomeSynced()
        script.leader(proposes: z(2, 1))
        script.leader(says: .commit(z(2, 1)))
        script.disk()
        script.step(.linkClosed(LinkID(rawValue: 9)))
        script.becomeLearnerAgain()
        script.leader(says: .leaderInfo(Epoch(rawValue: 3), protocolVersion: 0x10001))
        script.disk()
        _ = script.done()
        script.leader(says: .trunc(.zero))
        #expect(script.done().contains("close 9 protocolViolation"))
        #expect(script.peer.history.last == z(2, 1))
    }

    @Test("A snapshot is installed under the mark of recovery, which goes with the new epoch")
    func snapshot() {
        let script = PeerScript(last: z(1, 5))
        script.becomeAcknowledging()
        script.leader(says: .snap(z(1, 90)))
        #expect(script.done() == ["write 2 1 recovering", "install 0x10000005a"])
        script.disk()
        #expect(script.peer.history.last == z(1, 90))
        script.leader(proposes: z(1, 91))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.disk()
        #expect(script.done() == ["log 0x10000005b", "write 2 2", "9 ack 0x200000000"])
    }

    @Test("After an Apache leader's snapshot where an epoch begins, one as of any zxid may follow")
    func snapshotAfterEpochStart() {
        let script = PeerScript(last: z(1, 5))
        script.becomeAcknowledging(version: 0x10000)
        script.leader(says: .snap(z(2, 0)))
        script.disk()
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.disk()
        script.leader(says: .upToDate)
        #expect(script.peer.role.isServing)
        script.step(.linkClosed(LinkID(rawValue: 9)))
        script.becomeLearnerAgain()
        script.leader(says: .leaderInfo(Epoch(rawValue: 3), protocolVersion: 0x10001))
        script.disk()
        _ = script.done()
        // The new leader's last transaction before epoch 3 is (1,9); its snapshot is older.
        script.leader(says: .snap(z(1, 7)))
        #expect(script.done() == ["write 3 2 recovering", "install 0x100000007"])
        script.disk()
        script.leader(proposes: z(1, 8), z(1, 9))
        script.leader(says: .commit(z(1, 9)))
        script.leader(says: .newLeader(z(3, 0), membership: nil))
        script.disk()
        script.leader(says: .upToDate)
        #expect(script.peer.role.isServing)
        #expect(script.deliver() == [z(1, 8), z(1, 9)])
    }

    @Test("A snapshot that breaks off changes nothing, and the server votes as before")
    func brokenSnapshot() {
        let script = PeerScript(last: z(1, 5))
        script.becomeAcknowledging()
        script.leader(says: .snap(z(1, 90)))
        script.step(.linkClosed(LinkID(rawValue: 9)))
        script.disk(1)
        #expect(!script.peer.election.isLooking, "the disk has not answered")
        script.step(.installFailed(LinkID(rawValue: 9), reason: "the link is gone"))
        #expect(script.done().contains("write 2 1"))
        #expect(script.peer.history.last == z(1, 5))
    }

    @Test("A blank server observes until it has everything, and comes back as a voter")
    func blank() {
        let script = PeerScript(epoch: 0, isBlank: true)
        script.becomeLearner()
        #expect(script.done().contains("9 observerInfo 0x0"))
        script.leader(says: .leaderInfo(Epoch(rawValue: 2), protocolVersion: 0x10001))
        #expect(script.done() == ["write 2 0 recovering"])
        script.disk()
        script.leader(says: .diff(z(1, 1)))
        script.leader(proposes: z(1, 1))
        script.leader(says: .commit(z(1, 1)))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.disk()
        #expect(script.done() == ["9 ackEpoch 0x0", "log 0x100000001", "9 ack 0x200000000"])
        script.leader(says: .upToDate)
        #expect(script.deliver() == [z(1, 1)])
        script.leader(says: .ping(z(1, 1)))
        script.disk()
        #expect(
            script.done() == [
                "write 2 2", "9 ack 0x200000000", "connect 2", "close 9 notFollowing",
            ])
        #expect(script.peer.role == .following(ServerID(rawValue: 2), isSynced: false))
    }

    @Test("What follows from nothing ends the link, and the server looks again")
    func violations() {
        let violations: [(String, (PeerScript) -> Void)] = [
            ("a gap", { $0.leader(proposes: z(2, 2)) }),
            ("a later epoch's", { $0.leader(proposes: z(3, 1)) }),
            ("a second transaction of an epoch first", { $0.leader(proposes: z(2, 5)) }),
            ("one that was never here", { $0.leader(proposes: z(2, 1), z(1, 6)) }),
            ("COMMIT without PROPOSAL", { $0.leader(says: .commit(z(2, 1))) }),
            ("INFORM to a follower", { $0.leader(informs: z(2, 1)) }),
            ("UPTODATE twice", { $0.leader(says: .upToDate) }),
            ("DIFF again", { $0.leader(says: .diff(z(2, 1))) }),
            ("NEWLEADER again", { $0.leader(says: .newLeader(z(2, 0), membership: nil)) }),
            ("LEADERINFO again", {
                $0.leader(says: .leaderInfo(Epoch(rawValue: 3), protocolVersion: 0x10001))
            }),
            ("a learner's packet", { $0.learner(9, says: .ack(z(2, 1))) }),
        ]
        for (name, happen) in violations {
            let script = PeerScript(last: z(1, 5))
            script.becomeSynced()
            happen(script)
            #expect(script.peer.role == .looking, "\(name)")
            #expect(script.peer.epochs.accepted == Epoch(rawValue: 2))
            #expect(script.peer.history.last <= z(2, 1), "\(name)")
        }
    }

    @Test("Transactions that are here already are tolerated")
    func duplicates() {
        let script = PeerScript(last: z(1, 5))
        script.becomeSynced()
        script.leader(proposes: z(2, 1), z(2, 1), z(1, 5))
        script.leader(says: .commit(z(2, 1)))
        script.leader(says: .commit(z(1, 5)))
        script.disk()
        #expect(script.deliver() == [z(2, 1)])
        #expect(script.peer.role.isServing)
    }

    @Test("A silent leader is given up after syncLimit, one that never answers after initLimit")
    func silence() {
        let synced = PeerScript()
        synced.becomeSynced()
        synced.wait(milliseconds: 400)
        #expect(synced.leader(says: .ping(.zero)) == ServerID(rawValue: 2))
        synced.wait(milliseconds: 400)
        #expect(synced.peer.role.isServing)
        synced.wait(milliseconds: 200)
        #expect(synced.done().contains("close 9 silent"))
        let waiting = PeerScript()
        waiting.becomeLearner()
        waiting.wait(milliseconds: 900)
        #expect(waiting.peer.role != .looking)
        waiting.wait(milliseconds: 200)
        #expect(waiting.peer.role == .looking)
    }

    @Test("A server that looks waits for its disk, and votes for what that has")
    func settling() {
        let script = PeerScript()
        script.becomeSynced()
        script.leader(proposes: z(2, 1))
        script.flush()
        script.step(.linkClosed(LinkID(rawValue: 9)))
        #expect(script.peer.role == .looking && !script.peer.election.isLooking)
        script.disk()
        #expect(script.peer.election.isLooking)
        #expect(script.peer.history.durable == z(2, 1))
    }

    @Test("An epoch that was promised to another leader is not promised again; the same may ask")
    func promises() {
        let script = PeerScript()
        script.becomeAcknowledging()
        script.step(.linkClosed(LinkID(rawValue: 9)))
        script.becomeLearnerAgain()
        script.leader(says: .leaderInfo(Epoch(rawValue: 2), protocolVersion: 0x10001))
        #expect(script.done() == ["9 ackEpoch 0x0"])
        script.step(.linkClosed(LinkID(rawValue: 9)))
        script.becomeLearnerAgain()
        script.leader(says: .leaderInfo(Epoch(rawValue: 1), protocolVersion: 0x10001))
        #expect(script.peer.role == .looking, "an epoch before the one that was promised")
    }
}

extension PeerScript {
    /// The same leader, elected again.
    func becomeLearnerAgain() {
        disk()
        for (sender, state) in [(2, Zab.Notification.State.leading), (3, .following)] {
            step(
                .notification(
                    Zab.Notification(
                        sender: ServerID(rawValue: Int64(sender)), state: state,
                        vote: Zab.Vote(
                            leader: ServerID(rawValue: 2), zxid: peer.history.last,
                            peerEpoch: peer.epochs.current), round: 2)))
        }
        step(.leaderReached(LinkID(rawValue: 9)))
        _ = done()
    }
}
