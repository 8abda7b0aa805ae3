import ZKWire
import Zab

// What servers say to each other has to be so when they say it.
extension Ghost {
    /// P-13: an acknowledgement speaks of what is durable.
    /// - Parameter packet: of a learner to its leader.
    package func sends(_ packet: QuorumPacket, by id: ServerID) {
        let server = of(id)
        switch packet.type {
        case .ack where packet.zxid.counter == 0:
            coverage.acknowledged(id)
            expect(
                server.epochs.current == packet.zxid.epoch || !server.mayVote, "P-15",
                "server \(id) acknowledges NEWLEADER \(packet.zxid) in \(server.epochs)")
        case .ack:
            expect(
                server.hasDurably(packet.zxid), "P-13",
                "server \(id) acknowledges \(packet.zxid); \(server.durable) is durable")
        case .ackEpoch:
            expect(
                packet.zxid == server.last && packet.zxid == server.durable, "P-13",
                "server \(id) ends at \(packet.zxid); \(server.durable) is durable")
        default: break
        }
    }

    package func notifies(_ notification: Zab.Notification, by id: ServerID) {
        guard notification.state == .looking, notification.vote.leader == id,
            notification.vote.zxid.rawValue >= 0
        else { return }
        let server = of(id)
        expect(
            notification.vote.zxid == server.durable
                && notification.vote.peerEpoch == server.epochs.current, "P-13",
            "server \(id) votes \(notification.vote); \(server.durable) is durable")
    }
}
