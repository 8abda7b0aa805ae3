import ZKWire
import Zab

extension FourLetterWords {
    /// What `mntr` says of a member of an ensemble.
    func ensembleGauges(
        _ membership: Membership, _ mode: ServerMode, _ now: Now
    ) -> [(String, String)] {
        let state =
            switch mode {
            case .leader: "leading - broadcast"
            case .observer: "observing - broadcast"
            case .follower, .standalone, .notServing, .readOnly: "following - broadcast"
            }
        let size = ("quorum_size", "\(membership.voters.count)")
        let common = [("peer_state", state), size]
        switch mode {
        case .leader: return common + leaderGauges(membership, now)
        case .readOnly: return []
        case .follower, .observer, .standalone, .notServing:
            return common + [("synced_observers", "0")]
        }
    }

    private func leaderGauges(_ membership: Membership, _ now: Now) -> [(String, String)] {
        let followers = ensemble.synced.filter { membership.isVoter($0) }.count
        let uptime = ensemble.leadingSince.map { now.monotonic - $0 } ?? .zero
        return [
            ("learners", "\(ensemble.synced.count + ensemble.syncing.count)"),
            // As older versions have it, and the tools made for them.
            ("followers", "\(followers)"), ("synced_followers", "\(followers)"),
            ("synced_non_voting_followers", "0"),
            ("synced_observers", "\(ensemble.synced.count - followers)"),
            ("pending_syncs", "\(ensemble.syncing.count)"),
            ("leader_uptime", "\(uptime.wholeMilliseconds)"),
            ("last_proposal_size", "\(ensemble.lastProposalBytes)"),
            ("max_proposal_size", "\(ensemble.maximumProposalBytes)"),
            ("min_proposal_size", "\(ensemble.minimumProposalBytes)"),
        ]
    }
}
