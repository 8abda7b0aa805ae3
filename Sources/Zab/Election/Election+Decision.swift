// When an election is over.

import ZKWire

extension Election {
    /// Decides if there is enough to decide by.
    mutating func conclude(now: Instant, into effects: inout ZabEffects) -> Vote? {
        if let (vote, followers) = establishedLeader() {
            // Never back: in a round that this server has voted in it may not vote anew.
            if let word = heard[vote.leader] { round = max(round, word.round) }
            return decide(vote, by: followers, into: &effects)
        }
        guard let proposal else { return nil }
        let voters = votersInThisRound(for: proposal)
        guard membership.isQuorum(voters) else {
            settlesAt = nil
            return nil
        }
        if isAnybodyUndecided(apartFrom: voters) {
            let deadline = settlesAt ?? now + configuration.finalizeWait
            settlesAt = deadline
            guard now >= deadline else { return nil }
        }
        return decide(proposal, by: voters, into: &effects)
    }

    // MARK: Joining

    /// A leader that says that it leads, with those that say that they follow it a quorum. What
    /// they have noted of round, zxid and epoch may differ and does not matter (ZOOKEEPER-1514,
    /// 1732, 1818, 2164): there is one leader of whom all this is true, and if it has just ceased
    /// to be one, the attempt to follow it fails.
    private func establishedLeader() -> (Vote, ServerSet)? {
        for leader in membership.sortedVoters where membership.weight(of: leader) > 0 {
            if leader == me {
                if let followers = followersOfThisServer() { return (own, followers) }
            } else if let word = heard[leader], word.isOfLeader {
                var followers = followers(of: leader) { _ in true }
                // A leader of this very round lacks nobody but this server: it changed its mind
                // too late, for a vote that cannot win any more (ZOOKEEPER-3109).
                if hasVote, word.round == round { followers.insert(me) }
                if membership.isQuorum(followers) { return (word.vote, followers) }
            }
        }
        return nil
    }

    /// The others have counted faster: they follow this server. Those that followed it in an
    /// earlier round follow what it was before it began to look.
    private func followersOfThisServer() -> ServerSet? {
        guard hasVote else { return nil }
        var followers = followers(of: me) { $0.round == round }
        guard !followers.isEmpty else { return nil }
        followers.insert(me)
        return membership.isQuorum(followers) ? followers : nil
    }

    private func followers(
        of leader: ServerID, where isCounted: (Notification) -> Bool
    ) -> ServerSet {
        var followers = ServerSet()
        for id in membership.sortedVoters {
            guard let word = heard[id], word.vote.leader == leader, isCounted(word)
            else { continue }
            if word.isOfLeader || word.state == .following { followers.insert(id) }
        }
        return followers
    }

    // MARK: Electing

    /// Who is for `vote` in this round: looking servers by their vote, and those that have decided
    /// already, if the leader itself is heard to be there. Otherwise servers that follow a leader
    /// which has just died would have it elected again.
    private func votersInThisRound(for vote: Vote) -> ServerSet {
        var voters = ServerSet()
        if hasVote, proposal == vote { voters.insert(me) }
        let isLeaderThere = vote.leader == me || isHeardToStand(vote.leader)
        for id in membership.sortedVoters {
            guard let word = heard[id], word.round == round else { continue }
            switch word.state {
            case .looking: if word.vote == vote { voters.insert(id) }
            case .following, .leading:
                if isLeaderThere, word.vote.leader == vote.leader { voters.insert(id) }
            case .observing: break
            }
        }
        return voters
    }

    private func isHeardToStand(_ leader: ServerID) -> Bool {
        guard let word = heard[leader], word.round == round else { return false }
        return word.vote.leader == leader && (word.state == .looking || word.state == .leading)
    }

    /// Whether somebody could still come up with a better vote: a voter that is connected, is not
    /// for the proposal and has not said that it has no vote. (In the first start of an ensemble
    /// the blank ones are about to have one.)
    private func isAnybodyUndecided(apartFrom voters: ServerSet) -> Bool {
        membership.sortedVoters.contains { id in
            guard id != me, linked.contains(id), !voters.contains(id),
                membership.weight(of: id) > 0
            else { return false }
            guard let word = heard[id] else { return true }
            switch word.state {
            case .looking: return isVote(word) || (isFirstStart && word.vote.showsBlankServer)
            case .observing: return false
            case .following, .leading: return true
            }
        }
    }

    // MARK: The end of it

    private mutating func decide(
        _ vote: Vote, by voters: ServerSet, into effects: inout ZabEffects
    ) -> Vote {
        end()
        supporters = voters
        proposal = vote
        if hasVote { announce(vote, into: &effects) }
        return vote
    }

    /// Servers that looked and did not come to this vote hear of it now, not when they ask again.
    private func announce(_ vote: Vote, into effects: inout ZabEffects) {
        let word = Notification(
            sender: me, state: vote.leader == me ? .leading : .following, vote: vote, round: round)
        for id in membership.sortedVoters where id != vote.leader {
            guard let last = heard[id], last.state == .looking else { continue }
            if last.vote != vote || last.round != round { effects.notify.append((to: id, word)) }
        }
        for id in membership.observers.sorted() where askers.contains(id) {
            effects.notify.append((to: id, word))
        }
    }
}

extension Notification {
    /// Whoever says it leads, and says so of itself.
    fileprivate var isOfLeader: Bool { state == .leading && vote.leader == sender }
}
