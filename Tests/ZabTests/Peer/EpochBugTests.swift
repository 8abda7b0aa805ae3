// More bugs that are known of Apache ZooKeeper, around epochs and what is sent of the past. The numbers
// are those of its issue tracker.

import Testing
import ZKWire
import Zab

private func z(_ epoch: UInt32, _ counter: UInt32) -> Zxid { PeerScript.zxid(epoch, counter) }

@Suite("Bugs that are known of Apache ZooKeeper: epochs, and what is sent of the past")
struct EpochBugTests {
    @Test("1653, 2033, 2354: who died between the history of an epoch and the epoch follows again")
    func historyWithoutEpoch() {
        let script = PeerScript(epoch: 1, accepted: 2, last: z(2, 7))
        script.becomeLearner()
        #expect(script.done().contains("9 followerInfo 0x200000000"))
        script.leader(says: .leaderInfo(Epoch(rawValue: 3), protocolVersion: 0x10001))
        script.disk()
        #expect(script.done() == ["write 3 1", "9 ackEpoch 0x200000007"])
        script.leader(says: .diff(z(2, 7)))
        script.leader(says: .newLeader(z(3, 0), membership: nil))
        script.disk()
        #expect(script.done() == ["write 3 3", "9 ack 0x300000000"])
        script.leader(says: .upToDate)
        #expect(script.peer.role.isServing)
    }

    @Test("335, 1081, 1082: a leader that comes back is not taken for the leader that it was")
    func oldLeader() {
        // It led epoch 2 and logged (2,1), which nobody else has; the others are in epoch 3.
        let script = PeerScript(epoch: 2, last: z(2, 1))
        script.step(.started)
        for (sender, state) in [(2, Zab.Notification.State.leading), (3, .following)] {
            script.step(
                .notification(
                    Zab.Notification(
                        sender: ServerID(rawValue: Int64(sender)), state: state,
                        vote: Zab.Vote(
                            leader: ServerID(rawValue: 2), zxid: z(1, 9),
                            peerEpoch: Epoch(rawValue: 3)), round: 4)))
        }
        #expect(script.peer.role == .following(ServerID(rawValue: 2), isSynced: false))
        script.step(.leaderReached(LinkID(rawValue: 9)))
        script.leader(says: .leaderInfo(Epoch(rawValue: 3), protocolVersion: 0x10001))
        script.disk()
        script.leader(says: .trunc(z(1, 9)))
        script.leader(proposes: z(3, 1))
        script.leader(says: .newLeader(z(3, 0), membership: nil))
        script.disk()
        script.leader(says: .upToDate)
        #expect(script.peer.history.last == z(3, 1))
        #expect(script.peer.epochs.current == Epoch(rawValue: 3))
    }

    @Test("1264, 1282, 1291: no learner hears of an epoch that its leader's disk does not have")
    func invitedBeforeWritten() {
        let script = PeerScript(last: z(1, 5))
        script.becomeLeader()
        _ = script.done()
        script.arrive(2, server: 2)
        script.wait(milliseconds: 200)
        #expect(script.done() == ["write 2 1"], "LEADERINFO waits for acceptedEpoch")
        script.disk()
        script.learner(
            2, says: .ackEpoch(lastLoggedZxid: z(1, 5), currentEpoch: Epoch(rawValue: 1)))
        _ = script.done()
        script.wait(milliseconds: 200)
        #expect(!script.done().contains { $0.contains("newLeader") }, "NEWLEADER for currentEpoch")
        script.disk()
        #expect(script.done().contains("2 newLeader 0x200000000"))
    }

    @Test("790: who led without a quorum votes for what it had before")
    func neverEstablished() {
        let script = PeerScript(last: z(1, 5))
        script.becomeLeader()
        script.arrive(2, server: 2)
        script.disk()
        script.step(.linkClosed(LinkID(rawValue: 2)))
        script.wait(milliseconds: 1500)
        #expect(script.peer.role == .looking)
        #expect(script.peer.election.isLooking)
        #expect(script.peer.history.last == z(1, 5))
        #expect(script.peer.epochs.accepted == Epoch(rawValue: 2))
        #expect(script.peer.epochs.current == Epoch(rawValue: 1))
        #expect(script.peer.assured == .zero, "nothing became committed by it")
    }

    @Test("508, 962: what a learner lacks comes in order, once, before NEWLEADER")
    func past() {
        let script = PeerScript()
        script.becomeEstablished()
        script.propose(2)
        script.disk()
        script.learner(2, says: .ack(z(2, 2)))
        script.flush()
        _ = script.done()
        script.arrive(3, server: 3)
        script.learner(3, says: .ackEpoch(lastLoggedZxid: .zero, currentEpoch: Epoch(rawValue: 1)))
        script.propose(1)
        script.disk()
        let sent = script.done().filter { $0.hasPrefix("3 ") && !$0.contains(" ping ") }
        let proposals = sent.filter { $0.contains(" proposal ") }
        #expect(
            proposals == [
                "3 proposal 0x200000001", "3 proposal 0x200000002", "3 proposal 0x200000003",
            ])
        let newLeader = sent.firstIndex(of: "3 newLeader 0x200000000")
        #expect(newLeader == sent.firstIndex(of: "3 proposal 0x200000003").map { $0 - 1 })
        #expect(sent.contains("3 diff 0x200000002"))
    }

    @Test("4352, 2418: a leader with nothing of the past in memory sends no empty DIFF")
    func emptyMemory() {
        let script = PeerScript(last: z(1, 5)) { $0.recentBytes = 0 }
        script.becomeEstablished()
        script.arrive(3, server: 3)
        script.learner(
            3, says: .ackEpoch(lastLoggedZxid: z(1, 2), currentEpoch: Epoch(rawValue: 1)))
        script.disk()
        let done = script.done()
        #expect(done.contains("stream 3 after 0x100000002 to 0x100000005"), "\(done)")
        #expect(!done.contains { $0.hasPrefix("3 diff") })
    }
}
