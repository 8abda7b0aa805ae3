import ZKWire

/// Whom a server wants to lead, or knows to lead, and how much of the history that one has.
package struct Vote: Hashable, Sendable {
    package var leader: ServerID
    /// The end of its log.
    package var zxid: Zxid
    /// The epoch of its history (its `currentEpoch`).
    package var peerEpoch: Epoch

    package init(leader: ServerID, zxid: Zxid, peerEpoch: Epoch) {
        self.leader = leader
        self.zxid = zxid
        self.peerEpoch = peerEpoch
    }
}

/// What servers tell each other on the election port (Apache `FastLeaderElection.Notification`).
package struct Notification: Equatable, Sendable {
    /// The sender's state as the wire has it.
    package enum State: Int32, Sendable {
        case looking = 0
        case following = 1
        case leading = 2
        case observing = 3
    }

    package var sender: ServerID
    package var state: State
    package var vote: Vote
    /// The sender's round of the election (its logical clock).
    package var round: Int64

    package init(sender: ServerID, state: State, vote: Vote, round: Int64) {
        self.sender = sender
        self.state = state
        self.vote = vote
        self.round = round
    }
}
