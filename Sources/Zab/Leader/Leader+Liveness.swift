// Signs of life, in both directions, and the ways to stop leading.

import ZKWire

extension Leader {
    private var syncTimeout: Duration { configuration.tick * configuration.syncLimit }
    private var initTimeout: Duration { configuration.tick * configuration.initLimit }

    func handleTick(_ effects: inout ZabEffects) {
        closeSilent(&effects)
        if phase < .established { return checkProgress() }
        if now >= nextPing {
            nextPing = now + configuration.tick / 2
            sendPings(&effects)
        }
        checkQuorum()
        checkLeaving()
        synchronizeWaiting(&effects)
    }

    private func closeSilent(_ effects: inout ZabEffects) {
        for learner in learners {
            let isSilent =
                switch learner.phase {
                // The disk sets the pace, and the socket's own time-out ends it.
                case .streaming: false
                // They wait for this server.
                case .introduced, .acknowledged: false
                case .synced: false
                case .invited, .registered: now - learner.lastProgress > initTimeout
                case .live: now - learner.lastHeard > syncTimeout
                }
            if isSilent { drop(learner, .silent, &effects) }
        }
    }

    /// Before it is established: does anything go forward?
    private func checkProgress() {
        if learners.contains(where: { $0.isVoter && $0.phase == .streaming }) { lastProgress = now }
        guard now - lastProgress > initTimeout else { return }
        end("no quorum followed within \(initTimeout)")
    }

    /// Whether a quorum was heard of lately; those count too whose link is gone.
    private func checkQuorum() {
        let last = membership.quorumValue { (server) -> Instant? in
            server == me ? now : heard[server]
        }
        guard let last, now - last <= syncTimeout else {
            return end("no quorum was heard of within \(syncTimeout)")
        }
    }

    // MARK: PING

    func sendPings(_ effects: inout ZabEffects) {
        check.beginRound()
        for learner in learners where learner.phase == .live {
            learner.openPings.append(check.round)
            write(learner, .ping(ledger.history.last), &effects)
        }
        noteAnswers()
    }

    func handlePing(_ learner: LearnerLink) {
        guard let round = learner.openPings.popFirst() else { return }
        learner.answeredRound = round
        noteAnswers()
    }

    // MARK: Leaving

    /// The operator wants another leader. If there is nobody to take over, this one goes on.
    func handleHandOver() {
        guard phase == .established, learners.contains(where: { $0.isSyncedVoter }) else { return }
        leave("handed over", abstains: true)
    }

    /// Proposes no more, and goes when what is in flight is committed.
    func leave(_ reason: String, abstains: Bool) {
        departure = (deadline: now + syncTimeout, reason: reason, abstains: abstains)
        enter(.leaving)
        checkLeaving()
    }

    func checkLeaving() {
        guard phase == .leaving, let departure else { return }
        let last = ledger.history.last
        let isTaken = learners.contains { $0.isSyncedVoter && $0.acked == last }
        let isDone = ledger.history.committed == last && (!departure.abstains || isTaken)
        if isDone {
            end(departure.reason, abstains: departure.abstains)
        } else if now > departure.deadline {
            // Nobody is known to be able to take over: whoever is best, this server too. It does not just
            // go on, since what learners have asked for meanwhile it has not taken.
            end(departure.reason)
        }
    }
}
