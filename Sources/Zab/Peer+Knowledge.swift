import ZKWire

/// Who follows a leader, for its operator.
package struct LearnerCounts: Equatable, Sendable {
    /// Those that have said who they are.
    package var connected = 0
    package var syncedFollowers = 0
    package var syncedObservers = 0

    package init() {}
}

extension Peer {
    /// How far it is known that the history is committed. The tree may be ahead of it: it is loaded
    /// with the whole log, and a learner far behind is brought up before it knows.
    package var assured: Zxid { ledger.assured }

    /// nil where this server does not lead.
    package var learnerCounts: LearnerCounts? {
        guard case .leading(let leader) = part else { return nil }
        var counts = LearnerCounts()
        for learner in leader.learners {
            counts.connected += 1
            guard learner.phase == .live else { continue }
            if membership.isVoter(learner.server) {
                counts.syncedFollowers += 1
            } else {
                counts.syncedObservers += 1
            }
        }
        return counts
    }
}
