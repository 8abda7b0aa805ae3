// The protocol's notifications <-> the election port's.

import ZKWire
import Zab

extension Zab.Notification {
    /// - Parameter message: what the election port's decoder gave out.
    init(from sender: ServerID, _ message: ByteView) throws(DecodeError) {
        let wire = try ElectionNotification(message)
        guard let state = State(rawValue: wire.state.rawValue) else {
            preconditionFailure("\(wire.state) is a state on the wire only")
        }
        // No epoch at all, as an observer says, is before every epoch.
        let epoch = wire.vote.peerEpoch.epoch ?? Epoch(rawValue: 0)
        self.init(
            sender: sender, state: state,
            vote: Zab.Vote(leader: wire.vote.leader, zxid: wire.vote.zxid, peerEpoch: epoch),
            round: wire.round.rawValue)
    }
}

extension ByteWriter {
    /// Writes the framed notification.
    /// - Parameter membership: as text; empty if it is not known.
    func writeNotification(_ notification: Zab.Notification, membership: [UInt8]) {
        guard let state = PeerState(rawValue: notification.state.rawValue) else {
            preconditionFailure("\(notification.state) has no form on the wire")
        }
        let hasVote = notification.vote.leader != ZKWire.Vote.none.leader
        let vote = ZKWire.Vote(
            leader: notification.vote.leader, zxid: notification.vote.zxid,
            peerEpoch: PeerEpoch(notification.vote.peerEpoch))
        membership.withByteView { text in
            writeElectionNotification(
                ElectionNotification(
                    state: state, vote: hasVote ? vote : .none,
                    round: ElectionRound(rawValue: notification.round), membership: text))
        }
    }
}
