import Testing
import ZKWire
import Zab

/// Transactions of the epochs in these scripts.
private func z(_ epoch: UInt32, _ counter: UInt32) -> Zxid { PeerScript.zxid(epoch, counter) }

@Suite("Leadership: its proof, its end, and without others")
struct LeadershipTests {
    @Test("The counter is used up: what is in flight is committed, then the next epoch begins")
    func rollover() {
        let alone = PeerScript(voters: 1, last: z(1, .max - 65_537))
        alone.step(.started)
        #expect(alone.peer.nextZxid == z(1, .max - 65_536))
        alone.propose()
        #expect(!alone.peer.canPropose)
        alone.disk()
        #expect(alone.deliver() == [z(1, .max - 65_536)])
        alone.wait(milliseconds: 20)
        alone.disk()
        alone.wait(milliseconds: 20)
        #expect(alone.peer.nextZxid == z(2, 1))
        #expect(alone.peer.canPropose)
    }

    @Test("Handing over: no more proposals, then the others elect one of them")
    func handOver() {
        let script = PeerScript()
        script.becomeEstablished()
        script.propose()
        script.step(.handOver)
        #expect(!script.peer.canPropose)
        script.disk()
        #expect(script.peer.role != .looking, "the follower lacks a transaction")
        script.learner(2, says: .ack(z(2, 1)))
        #expect(script.peer.role == .looking)
        #expect(script.peer.history.committed == z(2, 1))
    }

    @Test("Handing over while the own disk stands still ends in an election, not in going on")
    func vainHandOver() {
        let script = PeerScript()
        script.becomeEstablished()
        script.propose()
        script.learner(2, says: .ack(z(2, 1)))
        script.step(.handOver)
        for _ in 0..<20 where script.peer.role != .looking {
            script.wait(milliseconds: 60)
            let packet = ByteWriter()
            packet.writePing(.zero, touches: [])
            script.receive(packet, 2)
            #expect(!script.peer.canPropose)
        }
        #expect(script.peer.role == .looking)
        #expect(script.peer.history.committed == .zero)
    }

    @Test("Leadership is confirmed by PINGs sent after the question, and by what was proposed")
    func confirmation() {
        let script = PeerScript()
        script.becomeEstablished()
        script.wait(milliseconds: 60)
        let open = script.done().filter { $0 == "2 ping 0x0" }.count
        #expect(open > 0)
        script.propose()
        script.peer.confirmLeadership(token: 8, now: script.now, into: &script.effects)
        script.flush()
        #expect(!script.done().contains("2 ping 0x200000001"), "one round at a time")
        func answer() {
            let packet = ByteWriter()
            packet.writePing(.zero, touches: [])
            #expect(script.receive(packet, 2) == ServerID(rawValue: 2))
            script.flush()
        }
        for _ in 0..<open { answer() }
        #expect(script.done().contains("2 ping 0x200000001"))
        #expect(script.peer.takeConfirmed() == [], "that PING was sent before")
        answer()
        #expect(script.peer.takeConfirmed() == [], "the proposal is not committed")
        script.disk()
        script.learner(2, says: .ack(z(2, 1)))
        #expect(script.peer.takeConfirmed() == [8])
    }

    @Test("An ensemble of one is established at once and commits what its disk has")
    func alone() {
        let script = PeerScript(voters: 1, last: z(1, 4))
        script.step(.started)
        #expect(script.peer.role == .leading(Epoch(rawValue: 1), isEstablished: true))
        script.propose()
        script.peer.confirmLeadership(token: 3, now: script.now, into: &script.effects)
        #expect(script.peer.takeConfirmed() == [])
        script.disk()
        #expect(script.deliver() == [z(1, 5)])
        #expect(script.peer.takeConfirmed() == [3])
        script.wait(milliseconds: 2000)
        #expect(script.peer.canPropose)
    }

    @Test("Between an Apache learner's sync and its answer nothing younger is committed to it")
    func syncOfApache() {
        for (isObserver, kind) in [(false, "commit"), (true, "inform")] {
            let script = PeerScript(observers: 1)
            script.becomeEstablished()
            let server = isObserver ? 4 : 3
            script.arrive(3, server: Int64(server), version: 0x10000, isObserver: isObserver)
            script.learner(
                3, says: .ackEpoch(lastLoggedZxid: .zero, currentEpoch: Epoch(rawValue: 1)))
            script.learner(3, says: .ack(z(2, 0)))
            script.propose()
            script.disk()
            _ = script.done()
            script.peer.confirmLeadership(
                token: 5, for: ServerID(rawValue: Int64(server)), now: script.now,
                into: &script.effects)
            script.propose()
            script.disk()
            script.learner(2, says: .ack(z(2, 2)))
            let before = script.done().filter { $0.hasPrefix("3 \(kind)") }
            #expect(before == ["3 \(kind) 0x200000001"], "what was proposed before it came")
            var confirmed: [UInt64] = []
            for _ in 0..<20 where confirmed.isEmpty {
                script.wait(milliseconds: 60)
                for link: UInt64 in [2, 3] {
                    let packet = ByteWriter()
                    packet.writePing(.zero, touches: [])
                    script.receive(packet, link)
                }
                script.flush()
                confirmed = script.peer.takeConfirmed()
            }
            #expect(confirmed == [5])
            #expect(!script.done().contains("3 \(kind) 0x200000002"))
            script.peer.answerSync(of: ServerID(rawValue: Int64(server)), into: &script.effects)
            script.flush()
            #expect(script.done() == ["3 sync 0x0", "3 \(kind) 0x200000002"])
        }
    }
}
