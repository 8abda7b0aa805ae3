import ZKWire
import Zab

/// What becomes of the servers after an election: a leader is established when a quorum follows it,
/// and gives it its history; it gives up when that does not come about, or when one with more of
/// the history follows; a follower looks again when its leader is not there.
extension ElectionNetwork {
    private static let patience: Int64 = 300
    private static let initLimit: Int64 = 2000

    mutating func start(_ id: ServerID) {
        servers[id]!.isUp = true
        look(id)
    }

    /// The process ends; its disk stays.
    mutating func crash(_ id: ServerID) {
        guard servers[id]!.isUp else { return }
        for other in members where other != id { cut(id, other) }
        servers[id]!.isUp = false
        servers[id]!.election = Election(servers[id]!.election.configuration)
    }

    mutating func look(_ id: ServerID) {
        let server = servers[id]!
        servers[id]!.role = .looking
        change(id) { election, now, effects in
            election.begin(
                own: server.own, mayVote: server.mayVote, isBlank: server.isBlank, now: now,
                into: &effects)
            return nil
        }
    }

    mutating func decided(_ id: ServerID, _ vote: Zab.Vote) {
        let election = servers[id]!.election
        servers[id]!.mayVote = election.mayVote
        ghost.check(id, decided: vote, in: election.round)
        servers[id]!.role =
            vote.leader == id
            ? .leading(vote, since: milliseconds, isEstablished: false)
            : .following(vote, since: milliseconds)
    }

    /// nil while it looks.
    func answerState(of id: ServerID) -> (Zab.Notification.State, Zab.Vote)? {
        switch servers[id]!.role {
        case .looking: return nil
        case .leading(var vote, _, let isEstablished):
            if isEstablished { vote.peerEpoch = servers[id]!.own.peerEpoch }
            return (.leading, vote)
        case .following(var vote, _):
            vote.peerEpoch = max(vote.peerEpoch, servers[id]!.own.peerEpoch)
            let votes = membership.isVoter(id) && servers[id]!.mayVote
            return (votes ? .following : .observing, vote)
        }
    }

    func leaderFollowed(by id: ServerID) -> ServerID? {
        guard servers[id]!.isUp, case .following(let vote, _) = servers[id]!.role else {
            return nil
        }
        return vote.leader
    }

    func isLeading(_ id: ServerID) -> Bool {
        guard servers[id]!.isUp, case .leading = servers[id]!.role else { return false }
        return true
    }

    var establishedLeaders: [ServerID] {
        members.filter { id in
            if servers[id]!.isUp, case .leading(_, _, true) = servers[id]!.role { true } else {
                false
            }
        }
    }

    func followers(of leader: ServerID) -> [ServerID] {
        members.filter { leaderFollowed(by: $0) == leader && canTalk($0, leader) }
    }

    mutating func liveOn(_ id: ServerID) {
        switch servers[id]!.role {
        case .looking: break
        case .following(let vote, let since):
            let isThere = canTalk(id, vote.leader) && isLeading(vote.leader)
            if !isThere, milliseconds - since > ElectionNetwork.patience { look(id) }
        case .leading(let vote, let since, let isEstablished):
            lead(id, vote, since, isEstablished)
        }
    }

    private mutating func lead(
        _ id: ServerID, _ vote: Zab.Vote, _ since: Int64, _ isEstablished: Bool
    ) {
        let all = followers(of: id)
        var voting = ServerSet(all.filter { membership.isVoter($0) && servers[$0]!.mayVote })
        if !isEstablished, all.contains(where: { isAhead($0, of: id) }) { return look(id) }
        let isAbandoned = servers[id]!.election.isAbandoned(followers: voting)
        voting.insert(id)
        if membership.isQuorum(voting) {
            if !isEstablished { establish(id, vote, with: all) }
            for follower in all { synchronize(follower, with: id) }
        } else if isEstablished || isAbandoned
            || milliseconds - since > ElectionNetwork.initLimit
        {
            look(id)
        }
    }

    private func isAhead(_ follower: ServerID, of leader: ServerID) -> Bool {
        // One without weight cannot be elected instead: the leader would step down for ever.
        guard servers[follower]!.mayVote, membership.weight(of: follower) > 0 else { return false }
        let (one, other) = (servers[follower]!.own, servers[leader]!.own)
        return (one.peerEpoch, one.zxid) > (other.peerEpoch, other.zxid)
    }

    private mutating func establish(_ id: ServerID, _ vote: Zab.Vote, with followers: [ServerID]) {
        let epochs = followers.map { servers[$0]!.own.peerEpoch.rawValue }
        let epoch = max(epochs.max() ?? 0, servers[id]!.own.peerEpoch.rawValue) + 1
        servers[id]!.own.peerEpoch = Epoch(rawValue: epoch)
        servers[id]!.isBlank = false
        servers[id]!.role = .leading(vote, since: milliseconds, isEstablished: true)
    }

    private mutating func synchronize(_ follower: ServerID, with leader: ServerID) {
        servers[follower]!.own.peerEpoch = servers[leader]!.own.peerEpoch
        servers[follower]!.own.zxid = servers[leader]!.own.zxid
        servers[follower]!.isBlank = false
        servers[follower]!.mayVote = true
    }
}
