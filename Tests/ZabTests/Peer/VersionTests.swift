import Testing
import ZKWire
import Zab

@Suite("Servers that speak another version")
struct VersionTests {
    /// What the log must say: theirs, ours, and what to do.
    private func check(_ script: PeerScript, _ theirs: String, _ context: Comment? = nil) {
        let said = script.refusals.last ?? ""
        for part in [theirs, "0x10000", "0x10001", "migrating-from-apache.md"] {
            #expect(said.contains(part), context)
        }
        #expect(!said.contains("\n"), "it is one line of the log")
    }

    private static func packet(_ type: Int32, _ data: (ByteWriter) -> Void = { _ in }) -> ByteWriter {
        let writer = ByteWriter()
        writer.writeInt32(type)
        writer.writeInt64(0)
        let payload = ByteWriter()
        data(payload)
        writer.writeInt32(Int32(payload.count))
        writer.writeRaw(payload.view)
        writer.writeInt32(-1)
        return writer
    }

    @Test("A learner of an older version is refused, and the others are not disturbed")
    func oldLearner() {
        let script = PeerScript()
        script.becomeEstablished()
        script.arrive(3, server: 3, version: 1)
        #expect(script.done() == ["close 3 incompatible"])
        check(script, "server 3 says that it speaks version 0x1")
        #expect(script.peer.role.isServing)
    }

    @Test("A learner of 3.4, which says nothing of the membership, is refused")
    func learnerOf34() {
        let script = PeerScript()
        script.becomeEstablished()
        script.step(.learnerArrived(LinkID(rawValue: 3)))
        let info = LearnerInfo(server: ServerID(rawValue: 3), configuration: nil)
        script.learner(3, says: .followerInfo(acceptedEpoch: Epoch(rawValue: 1), info))
        #expect(script.done() == ["close 3 incompatible"])
        check(script, "server 3 says who it is as Apache ZooKeeper 3.4 does")
    }

    @Test("A packet that no known version has is refused: first, before and after synchronization")
    func unknownFromLearner() {
        let first = PeerScript()
        first.becomeEstablished()
        first.step(.learnerArrived(LinkID(rawValue: 3)))
        first.receive(Self.packet(77), 3)
        #expect(first.done() == ["close 3 incompatible"])
        check(first, "a packet of type 77")
        for isSynced in [false, true] {
            let script = PeerScript()
            script.becomeEstablished()
            if !isSynced {
                script.arrive(3, server: 3)
                _ = script.done()
            }
            script.receive(Self.packet(78), isSynced ? 2 : 3)
            #expect(script.done().contains("close \(isSynced ? 2 : 3) incompatible"))
            check(script, "server \(isSynced ? 2 : 3) says a packet of type 78")
            #expect(script.peer.role.isServing)
        }
    }

    @Test("A leader of an older version is left, with nothing promised to it")
    func oldLeader() {
        for (message, theirs) in [
            (LeaderMessage.leaderInfo(Epoch(rawValue: 9), protocolVersion: 1), "version 0x1"),
            (.newLeader(PeerScript.zxid(9, 0), membership: nil), "NEWLEADER before LEADERINFO"),
        ] {
            let script = PeerScript()
            script.becomeLearner()
            script.leader(says: message)
            #expect(script.done().contains("close 9 incompatible"))
            check(script, "server 2 says", "\(theirs)")
            check(script, theirs)
            #expect(script.peer.role == .looking)
            #expect(script.peer.epochs.accepted == Epoch(rawValue: 1))
        }
    }

    @Test("A leader that sends a packet that no known version has is left")
    func unknownFromLeader() {
        let script = PeerScript()
        script.becomeAcknowledging()
        script.receive(Self.packet(99), 9)
        #expect(script.done().contains("close 9 incompatible"))
        check(script, "server 2 says a packet of type 99")
        #expect(script.peer.role == .looking)
    }
}
