// Data-loss bugs of Apache ZooKeeper in and around synchronization, each as the schedule that shows
// it. The numbers are those of its issue tracker.

import Testing
import ZKWire
import Zab

private func z(_ epoch: UInt32, _ counter: UInt32) -> Zxid { PeerScript.zxid(epoch, counter) }

@Suite("Bugs that are known of Apache ZooKeeper")
struct KnownBugTests {
    /// Three servers that serve.
    private func trio(_ seed: UInt64, recentBytes: Int = 4096, observers: Int = 0) -> Ensemble {
        let ensemble = Ensemble(
            .init(voters: 3, observers: observers, recentBytes: recentBytes), seed: seed)
        ensemble.startAll()
        rest(ensemble)
        return ensemble
    }

    private func rest(_ ensemble: Ensemble) {
        let isWell = ensemble.run(atMost: 5000) {
            ensemble.servers.allSatisfy { $0.peer?.role.isServing ?? !$0.isUp }
                && ensemble.leader != nil
        }
        #expect(isWell)
        ensemble.run(milliseconds: 300)
    }

    private func expectAlike(_ ensemble: Ensemble) {
        for server in ensemble.servers where server.isUp {
            #expect(server.tree == ensemble.ghost.committed, "server \(server.id)")
            #expect(server.store.records == ensemble.ghost.committed, "disk of \(server.id)")
        }
    }

    private func isolate(_ server: SimulatedServer, _ ensemble: Ensemble) {
        for other in ensemble.servers where other !== server {
            ensemble.cuts.insert([server.id, other.id])
            ensemble.cuts.insert([other.id, server.id])
            ensemble.loseElectionLink(server, other.id)
            ensemble.loseElectionLink(other, server.id)
        }
    }

    private func heal(_ ensemble: Ensemble) {
        ensemble.cuts = []
        for (index, one) in ensemble.servers.enumerated() {
            for other in ensemble.servers.dropFirst(index + 1) where one.isUp && other.isUp {
                ensemble.connectElection(one, other)
            }
        }
    }

    @Test(
        "1154, 2832, 4837: a deposed leader's own transactions are cut, from its tree too",
        arguments: [true, false])
    func deposedLeader(restarts: Bool) throws {
        let ensemble = trio(11)
        let old = try #require(ensemble.leader)
        ensemble.proposeTurn(old, count: 3)
        ensemble.run(milliseconds: 100)
        isolate(old, ensemble)
        ensemble.proposeTurn(old, count: 4)
        ensemble.run(milliseconds: 50)
        #expect(old.store.records.count == 7)
        if restarts {
            ensemble.crash(old)
            ensemble.run(milliseconds: 3000)
            ensemble.start(old)
            #expect(old.tree.count == 7, "a tree is loaded with the whole log")
        } else {
            ensemble.run(milliseconds: 3000)
        }
        let new = try #require(
            ensemble.servers.first { $0 !== old && $0.peer?.canPropose ?? false })
        ensemble.proposeTurn(new, count: 2)
        heal(ensemble)
        rest(ensemble)
        expectAlike(ensemble)
        #expect(ensemble.ghost.committed.count == 5)
    }

    @Test("2845: after an election memory and log agree, whoever was ahead")
    func memoryAndLog() throws {
        let ensemble = trio(12)
        let old = try #require(ensemble.leader)
        ensemble.proposeTurn(old, count: 2)
        ensemble.crash(old)
        rest(ensemble)
        ensemble.start(old)
        rest(ensemble)
        expectAlike(ensemble)
    }

    @Test(
        "2418, 2846: what memory does not have comes from the disk, without a gap",
        arguments: [0, 40])
    func diskAndMemory(recentBytes: Int) throws {
        let ensemble = trio(13, recentBytes: recentBytes)
        let leader = try #require(ensemble.leader)
        let behind = try #require(ensemble.servers.first { $0 !== leader })
        ensemble.crash(behind)
        for _ in 0..<20 {
            ensemble.proposeTurn(leader, count: 3)
            ensemble.run(milliseconds: 5)
        }
        ensemble.start(behind)
        for _ in 0..<40 {
            ensemble.proposeTurn(leader, count: 3)
            ensemble.run(milliseconds: 3)
        }
        rest(ensemble)
        expectAlike(ensemble)
        #expect(ensemble.ghost.counts["diff from the disk", default: 0] > 0)
    }

    @Test("962, 3104: transactions go on while a learner is brought up by a snapshot")
    func snapshotUnderLoad() throws {
        let ensemble = trio(14, recentBytes: 0, observers: 1)
        let leader = try #require(ensemble.leader)
        let behind = ensemble.servers.filter { $0 !== leader }.suffix(2)
        ensemble.proposeTurn(leader, count: 5)
        ensemble.run(milliseconds: 50)
        for server in behind { ensemble.crash(server) }
        for _ in 0..<10 {
            ensemble.proposeTurn(leader, count: 3)
            ensemble.run(milliseconds: 5)
        }
        leader.store.logBase = try #require(leader.peer).history.lastDelivered
        for server in behind { ensemble.start(server) }
        for _ in 0..<60 {
            ensemble.proposeTurn(leader, count: 2)
            ensemble.run(milliseconds: 3)
        }
        rest(ensemble)
        expectAlike(ensemble)
        #expect(ensemble.ghost.counts["snap", default: 0] > 0)
    }

    @Test("3642, 2872: a learner that loses its power after SNAP and before NEWLEADER has no hole")
    func powerLossAfterSnapshot() {
        let script = PeerScript(last: z(1, 5))
        script.becomeAcknowledging()
        script.leader(says: .snap(z(1, 90)))
        script.disk()
        #expect(script.peer.epochs.isRecovering, "on its disk, until the epoch is")
        let restarted = PeerScript(accepted: 2, last: z(1, 90), isRecovering: true)
        restarted.becomeLearner()
        #expect(restarted.done().contains("9 observerInfo 0x200000000"))
    }

    @Test("3023, 3911, 4646: the ACK of NEWLEADER waits for the log")
    func acknowledgedBeforeLogged() {
        let script = PeerScript()
        script.becomeAcknowledging()
        script.leader(says: .diff(z(1, 1)))
        script.leader(proposes: z(1, 1))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.flush()
        script.wait(milliseconds: 100)
        #expect(!script.done().contains("9 ack 0x200000000"))
    }

    @Test("4643, 4785: currentEpoch is written when the history is durable, not before")
    func epochBeforeHistory() {
        let script = PeerScript()
        script.becomeAcknowledging()
        script.leader(says: .diff(z(1, 1)))
        script.leader(proposes: z(1, 1))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.flush()
        #expect(script.done() == ["log 0x100000001"])
        #expect(script.peer.epochs.current == Epoch(rawValue: 1))
    }

    @Test("4394: a COMMIT between NEWLEADER and UPTODATE finds its proposal")
    func earlyCommit() {
        let script = PeerScript()
        script.becomeAcknowledging()
        script.leader(says: .diff(.zero))
        script.leader(proposes: z(2, 1))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.disk()
        script.leader(says: .commit(z(2, 1)))
        script.leader(says: .upToDate)
        #expect(script.deliver() == [z(2, 1)])
    }

    @Test("4685: a proposal's ACK before that of NEWLEADER does no harm, and counts after it")
    func earlyAck() {
        let script = PeerScript()
        script.becomeEstablished()
        script.arrive(3, server: 3)
        script.learner(3, says: .ackEpoch(lastLoggedZxid: .zero, currentEpoch: Epoch(rawValue: 1)))
        script.propose()
        script.disk()
        script.learner(3, says: .ack(z(2, 1)))
        #expect(script.peer.role.isServing)
        #expect(script.deliver() == [])
        script.learner(3, says: .ack(z(2, 0)))
        #expect(script.deliver() == [z(2, 1)])
    }

    @Test("4712, 4502, 4541: what the log finishes for an old role is not acknowledged to a new leader")
    func lateLog() {
        let script = PeerScript()
        script.becomeSynced()
        script.leader(proposes: z(2, 1))
        script.flush()
        script.step(.linkClosed(LinkID(rawValue: 9)))
        #expect(!script.peer.election.isLooking)
        _ = script.done()
        script.disk(1)
        #expect(!script.done().contains { $0.contains(" ack ") })
        #expect(script.peer.election.isLooking)
    }

    @Test("4882: the tree never has what its own disk has not")
    func treeAheadOfDisk() {
        let script = PeerScript()
        script.becomeSynced()
        script.leader(proposes: z(2, 1))
        script.leader(says: .commit(z(2, 1)))
        script.flush()
        #expect(script.deliver() == [], "a quorum of others has it; this disk does not")
        script.disk()
        #expect(script.deliver() == [z(2, 1)])
    }

    @Test("4925: a gap in what a leader sends is not logged")
    func gap() {
        let script = PeerScript(last: z(1, 1))
        script.becomeAcknowledging()
        script.leader(says: .diff(z(1, 4)))
        script.leader(proposes: z(1, 2), z(1, 4))
        #expect(script.done().contains("close 9 protocolViolation"))
    }

    @Test("1551: an observer takes what comes between its history and UPTODATE")
    func observerDuringSynchronization() {
        let script = PeerScript(4, observers: 1)
        script.becomeAcknowledging()
        script.leader(says: .diff(.zero))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.leader(informs: z(2, 1))
        script.disk()
        script.leader(says: .upToDate)
        script.leader(informs: z(2, 2))
        script.disk()
        #expect(script.deliver() == [z(2, 1), z(2, 2)])
    }

    @Test("2355: a link that breaks in the midst of TRUNC and what follows leaves a valid end")
    func brokenTruncation() {
        let script = PeerScript(last: z(1, 5))
        script.becomeAcknowledging()
        script.leader(says: .trunc(z(1, 3)))
        script.leader(proposes: z(2, 1))
        script.step(.linkClosed(LinkID(rawValue: 9)))
        #expect(!script.peer.election.isLooking)
        script.disk()
        #expect(script.peer.history.durable == z(2, 1))
        #expect(script.peer.election.isLooking)
    }

    @Test("1277: the counter of an epoch ends, and the next epoch begins")
    func rollover() {
        let script = PeerScript()
        script.becomeEstablished()
        #expect(script.peer.nextZxid == z(2, 1))
        #expect(z(2, .max).next.epoch == Epoch(rawValue: 3), "so it must never be asked for")
    }
}
