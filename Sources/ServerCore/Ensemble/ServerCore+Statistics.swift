import ZKWire
import Zab

/// What `mntr` and its like print of the ensemble.
package struct EnsembleStatistics: Equatable, Sendable {
    package var role: Role
    /// Of the last leader whose history this server has made its own.
    package var epoch: Epoch
    package var voterCount: Int
    package var observerCount: Int
    /// nil where this server does not lead.
    package var learners: LearnerCounts?
    /// `sync`s that wait for a quorum's word.
    package var pendingSyncs: Int
    /// Since this server was established as the leader.
    package var leaderUptime: Duration?
}

extension ServerCore {
    package func ensembleStatistics(now: Now) -> EnsembleStatistics {
        let membership = peer.configuration.membership
        return EnsembleStatistics(
            role: role, epoch: peer.epochs.current, voterCount: membership.voters.count,
            observerCount: membership.observers.count, learners: peer.learnerCounts,
            pendingSyncs: syncs.count,
            leaderUptime: isLeader ? leaderSince.map { now.monotonic - $0 } : nil)
    }
}
