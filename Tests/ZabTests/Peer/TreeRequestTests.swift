import Testing
import ZKWire
import Zab

/// Transactions of the epochs in these scripts.
private func z(_ epoch: UInt32, _ counter: UInt32) -> Zxid { PeerScript.zxid(epoch, counter) }

@Suite("A learner whose tree is not the leader's")
struct TreeRequestTests {
    // MARK: The learner

    /// It has asked, and the leader has said again who it is.
    private func asking(version: Int32 = 0x10001, epoch: UInt32 = 2) -> PeerScript {
        let script = PeerScript(last: z(1, 5))
        script.becomeSynced(version: version)
        #expect(script.askForTree())
        #expect(script.done() == ["connect 2", "close 9 notFollowing"])
        script.step(.leaderReached(LinkID(rawValue: 9)))
        _ = script.done()
        script.leader(says: .leaderInfo(Epoch(rawValue: epoch), protocolVersion: version))
        script.disk()
        return script
    }

    @Test("it comes back without looking, keeps log and vote, and takes what the snapshot is before")
    func learner() {
        let script = asking()
        #expect(script.done() == ["9 ackEpoch 0x100000005, a tree"])
        script.leader(says: .snap(z(1, 3)))
        #expect(script.done() == ["replace tree 0x100000003"])
        script.disk()
        script.leader(proposes: z(1, 4), z(1, 5), z(2, 1))
        script.leader(says: .commit(z(2, 1)))
        script.leader(says: .newLeader(z(2, 0), membership: nil))
        script.flush()
        #expect(script.done() == ["log 0x200000001"])
        script.disk()
        #expect(script.done() == ["write 2 2", "9 ack 0x200000000"])
        script.leader(says: .upToDate)
        #expect(script.peer.role == .following(ServerID(rawValue: 2), isSynced: true))
        #expect(script.peer.mayVote)
    }

    @Test("an Apache leader is told of an end that is in no history, and sends all that it has")
    func apacheLeader() {
        let script = asking(version: 0x10000)
        #expect(script.done() == ["9 ackEpoch 0x1"])
        script.leader(says: .snap(z(2, 0)))
        #expect(script.done() == ["write 2 2 recovering", "install 0x200000000"])
    }

    @Test("a leader of another epoch is told the truth, and nothing is asked of it")
    func otherEpoch() {
        let script = asking(epoch: 3)
        #expect(script.done() == ["write 3 2", "9 ackEpoch 0x100000005"])
    }

    @Test("who is not synchronized cannot ask")
    func tooEarly() {
        let script = PeerScript(last: z(1, 5))
        script.becomeAcknowledging()
        #expect(!script.askForTree())
    }

    // MARK: The leader

    /// Servers 2 and 3 follow; server 3 comes back and asks.
    private func asked(after wait: Int64, secondAsks: Bool = false) -> PeerScript {
        let script = PeerScript(last: z(1, 5))
        script.becomeEstablished()
        script.arrive(3, server: 3, accepted: 2)
        script.learner(3, says: .ackEpoch(lastLoggedZxid: z(1, 5), currentEpoch: Epoch(rawValue: 2)))
        script.learner(3, says: .ack(z(2, 0)))
        for _ in 0..<(wait / 50) {
            script.wait(milliseconds: 50)
            for link in [2, 3] as [UInt64] {
                script.learner(link, says: .ack(z(1, 5)))
            }
        }
        if secondAsks { ask(script, server: 2, link: 12) }
        _ = script.done()
        ask(script, server: 3, link: 13)
        return script
    }

    private func ask(_ script: PeerScript, server: Int64, link: UInt64) {
        script.step(.linkClosed(LinkID(rawValue: UInt64(server))))
        script.arrive(link, server: server, accepted: 2)
        _ = script.done()
        script.learner(
            link,
            says: .ackEpoch(
                lastLoggedZxid: z(1, 5), currentEpoch: Epoch(rawValue: 2), wantsTree: true))
    }

    @Test("it sends a snapshot to who asks, if a quorum has followed for a while and does not")
    func granted() {
        let script = asked(after: 1000)
        #expect(script.done() == ["stream 13 after 0x0 to 0x100000005, a tree"])
    }

    @Test("not while the others have only just come back")
    func tooFew() {
        let script = asked(after: 0)
        #expect(script.done() == ["13 diff 0x100000005", "13 newLeader 0x200000000"])
    }

    @Test("where a quorum asks it has another one lead")
    func leaves() {
        let script = asked(after: 1000, secondAsks: true)
        script.learner(13, says: .ack(z(2, 0)))
        #expect(script.peer.role == .looking)
    }
}
