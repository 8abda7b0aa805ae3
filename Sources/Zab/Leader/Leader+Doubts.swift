// Learners whose trees are not what this leader states (docs/zab.md, "Digests"). Which of them is
// wrong is for a majority to say.

import ZKWire

extension Leader {
    /// A learner gets this server's tree only if a quorum, this server included, has no such doubt:
    /// otherwise this tree may be the wrong one. Where a quorum doubts, another server is to lead.
    func considerTree(_ learner: LearnerLink) {
        guard phase == .established else { return }
        if membership.isQuorum(agreeing) {
            learner.isTreeGranted = true
            // Whatever it has, it is sent a snapshot and what follows that.
            learner.last = .zero
        } else if membership.isQuorum(doubting), hasPatienceEnded {
            ledger.leftForDoubt = now
            leave("a quorum has other trees than this server", abstains: true)
        }
    }

    /// Those that followed for a while and do not doubt, and this server. Who has just come back may
    /// not have compared anything yet.
    private var agreeing: ServerSet {
        var servers = ServerSet(
            learners.lazy.filter { [now, configuration] learner in
                guard learner.isVoter, !learner.wantsTree, let since = learner.liveSince else {
                    return false
                }
                return now - since > configuration.tick * 2
            }.map(\.server))
        servers.insert(me)
        return servers
    }

    private var doubting: ServerSet {
        ServerSet(learners.lazy.filter { $0.isVoter && $0.wantsTree }.map(\.server))
    }

    private var hasPatienceEnded: Bool {
        guard let left = ledger.leftForDoubt else { return true }
        return now - left > Leader.doubtPatience
    }

    /// Between two times that this server leaves for doubts: if another leader does not help, there is
    /// some service.
    private static let doubtPatience = Duration.seconds(60)
}
