// What a server that leads or follows has to do with the elections of others.

import ZKWire

extension Election {
    /// What a server that looks is told by this one, which does not.
    ///
    /// It notes as well who of those that elected this server has gone back on it: a leader that a
    /// quorum does not follow yet need not wait for them (ZOOKEEPER-3109, see `isAbandoned`).
    ///
    /// - Parameters:
    ///   - state: what this server is; not looking.
    ///   - vote: the one that it goes by: the leader, and of the leader's history what was known
    ///     when it was elected, but with the epoch that it leads once that is known. (Apache
    ///     members that join compare the epochs they are told.)
    /// - Returns: nil if nobody asked (the answer to an answer would never end), or if this server
    ///   looks.
    package mutating func answer(
        _ notification: Notification, state: Notification.State, vote: Vote
    ) -> Notification? {
        let sender = notification.sender
        if state == .leading, notification.state != .looking, notification.vote.leader != me,
            membership.isVoter(sender)
        {
            // It was for this server, and then a quorum was for another one.
            supporters.remove(sender)
        }
        guard notification.state == .looking, state != .looking, !isLooking, sender != me,
            membership.contains(sender)
        else { return nil }
        if state == .leading { noteSupport(notification) }
        return Notification(sender: me, state: state, vote: vote, round: round)
    }

    private mutating func noteSupport(_ notification: Notification) {
        guard membership.isVoter(notification.sender) else { return }
        if notification.round == round, notification.vote.leader == me {
            supporters.insert(notification.sender)
        } else {
            supporters.remove(notification.sender)
        }
    }

    /// Whether an elected leader cannot be followed by a quorum any more, since too many of those
    /// that elected it look for another one.
    /// - Parameter followers: who is connected as a follower, whatever it said before.
    package func isAbandoned(followers: ServerSet) -> Bool {
        var remaining = supporters
        for id in membership.sortedVoters where followers.contains(id) { remaining.insert(id) }
        return !membership.isQuorum(remaining)
    }
}
