import ZKWire
import Zab

/// What `srvr` and `mntr` say of an ensemble, gathered from what the protocol gives notice of.
package struct EnsembleStatistics: Sendable {
    /// Learners that are being synchronized.
    package private(set) var syncing: Set<ServerID> = []
    package private(set) var synced: Set<ServerID> = []
    /// Since when this server leads.
    package private(set) var leadingSince: Instant?
    package private(set) var elections = 0
    /// Synchronizations by each mode.
    package private(set) var syncs: [SyncMode: Int] = [:]
    /// Of the leader's proposals, in bytes; -1 before the first.
    package private(set) var lastProposalBytes = -1
    package private(set) var minimumProposalBytes = -1
    package private(set) var maximumProposalBytes = -1

    package init() {}

    package mutating func note(_ notice: ZabNotice, _ now: Instant) {
        switch notice {
        case .looking: elections += 1
        case .leading: leadingSince = now
        case .established, .synced, .waitsForSync, .closed: break
        case .following, .elected: break
        case .learnerSyncing(let server, let mode, _):
            synced.remove(server)
            syncing.insert(server)
            syncs[mode, default: 0] += 1
        case .learnerSynced(let server):
            syncing.remove(server)
            synced.insert(server)
        case .learnerLost(let server, _):
            syncing.remove(server)
            synced.remove(server)
        }
        guard case .looking = notice else { return }
        syncing = []
        synced = []
        leadingSince = nil
    }

    /// A learner is sent history from the disk: how is known when that has been sent.
    package mutating func noteStream(to learner: ServerID) {
        synced.remove(learner)
        syncing.insert(learner)
    }

    package mutating func noteProposals(_ batch: TxnBatch) {
        for entry in batch.entries {
            let isFirst = lastProposalBytes < 0
            lastProposalBytes = entry.length
            minimumProposalBytes = isFirst ? entry.length : min(minimumProposalBytes, entry.length)
            maximumProposalBytes = max(maximumProposalBytes, entry.length)
        }
    }
}
