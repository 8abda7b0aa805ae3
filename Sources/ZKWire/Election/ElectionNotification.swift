// The one message of the election port: a server's state and vote (Apache `FastLeaderElection`).

/// A notification as it lies in the bytes that it was decoded from.
package struct ElectionNotification {
    package var state: PeerState
    package var vote: ElectionVote
    package var round: ElectionRound
    /// 0 for those from before there were versions; 1 has no membership, 2 has.
    package var version: Int32
    /// The membership that the sender goes by (`MembershipText`), valid as long as what was
    /// decoded. Empty in versions that have none.
    package var membership: ByteView

    package init(
        state: PeerState, vote: ElectionVote, round: ElectionRound,
        version: Int32 = ElectionFormat.notificationVersion,
        membership: ByteView = ByteView(start: nil, count: 0)
    ) {
        self.state = state
        self.vote = vote
        self.round = round
        self.version = version
        self.membership = membership
    }
}

extension ElectionNotification {
    /// - Parameter message: without its length.
    /// - Throws: on a message that Apache would leave out as well. The stream is sound.
    package init(_ message: ByteView) throws(DecodeError) {
        var reader = JuteReader(message)
        let rawState = try reader.readInt32()
        guard let state = PeerState(rawValue: rawState) else {
            throw DecodeError(.badValue("\(rawState) is no state of a server"), offset: 0)
        }
        let leader = ServerID(rawValue: try reader.readInt64())
        let zxid = Zxid(rawValue: try reader.readInt64())
        let round = ElectionRound(rawValue: try reader.readInt64())
        let peerEpoch =
            message.count == ElectionFormat.sizeWithoutPeerEpoch
            ? PeerEpoch(zxid.epoch) : PeerEpoch(rawValue: try reader.readInt64())
        self.init(
            state: state, vote: ElectionVote(leader: leader, zxid: zxid, peerEpoch: peerEpoch),
            round: round, version: 0)
        // A version in a message of 40 bytes is not one that says what follows.
        guard message.count != ElectionFormat.sizeWithoutPeerEpoch,
            message.count != ElectionFormat.sizeWithoutMembership
        else { return }
        version = try reader.readInt32()
        guard version >= ElectionFormat.firstVersionWithMembership else { return }
        membership = try reader.readBytes(reader.readInt32())
    }
}

extension JuteReader {
    /// Bytes after their length, which may not be null.
    fileprivate mutating func readBytes(_ length: Int32) throws(DecodeError) -> ByteView {
        let start = offset
        guard length >= 0 else { throw DecodeError(.badLength(Int(length)), offset: start - 4) }
        try skip(Int(length))
        return bytes[view: start..<offset]
    }
}

extension ByteWriter {
    /// Writes the framed notification, in the form of today whatever its version was.
    package func writeElectionNotification(_ notification: ElectionNotification) {
        let start = beginFrame()
        writeInt32(notification.state.rawValue)
        writeInt64(notification.vote.leader.rawValue)
        writeInt64(notification.vote.zxid.rawValue)
        writeInt64(notification.round.rawValue)
        writeInt64(notification.vote.peerEpoch.rawValue)
        writeInt32(ElectionFormat.notificationVersion)
        writeBuffer(notification.membership)
        endFrame(start)
    }
}
