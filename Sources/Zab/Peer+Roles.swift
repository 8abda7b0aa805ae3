// How this server comes to its role: the election, and what ends a role.

import ZKWire

extension Peer {
    // MARK: Looking

    /// Looks for a leader; everything here is durable.
    func look(_ now: Instant, _ effects: inout ZabEffects) {
        guard !configuration.isAlone else { return lead(now, &effects) }
        part = .looking
        vote = nil
        if configuration.defects.contains(.zookeeper2845) { ledger.forgetUndelivered() }
        let isVoter = membership.isVoter(configuration.serverID)
        if isVoter, !ledger.mayVote { effects.notices.append(.waitsForSync) }
        election.begin(
            own: Vote(
                leader: configuration.serverID, zxid: ledger.end,
                peerEpoch: ledger.epochs.current),
            mayVote: isVoter && ledger.mayVote && abstainsUntil == nil,
            isBlank: ledger.isBlank, now: now, into: &effects)
        let words = heldBack.sorted { $0.key < $1.key }.map(\.value)
        heldBack.removeAll()
        for word in words {
            take(election.receive(word, now: now, into: &effects), now, &effects)
        }
    }

    func continueLooking(_ now: Instant, _ effects: inout ZabEffects) {
        if let deadline = abstainsUntil, now > deadline {
            // Nobody else could be elected.
            abstainsUntil = nil
            look(now, &effects)
        } else {
            take(election.tick(now: now, into: &effects), now, &effects)
        }
    }

    func handleNotification(
        _ notification: Notification, _ now: Instant, _ effects: inout ZabEffects
    ) {
        switch part {
        case .idle: break
        case .settling:
            guard membership.contains(notification.sender) else { return }
            heldBack[notification.sender] = notification
        case .looking:
            take(election.receive(notification, now: now, into: &effects), now, &effects)
        case .leading, .learning:
            guard let vote = voteOfRole, let state = stateOfRole,
                let answer = election.answer(notification, state: state, vote: vote)
            else { return }
            effects.notify.append((to: notification.sender, answer))
        }
    }

    func handleElectionLink(
        _ server: ServerID, _ isUp: Bool, _ now: Instant, _ effects: inout ZabEffects
    ) {
        if !isUp { heldBack[server] = nil }
        let decision = election.link(server, isUp: isUp, now: now, into: &effects)
        if case .looking = part { take(decision, now, &effects) }
    }

    /// The vote that this server goes by, with the epoch that came of it.
    private var voteOfRole: Vote? {
        guard var vote else { return nil }
        switch part {
        case .leading(let leader): vote.peerEpoch = max(vote.peerEpoch, leader.epoch)
        case .learning(let learner): vote.peerEpoch = max(vote.peerEpoch, learner.epoch)
        case .idle, .settling, .looking: break
        }
        return vote
    }

    private var stateOfRole: Notification.State? {
        switch role {
        case .looking: nil
        case .leading: .leading
        case .following: .following
        case .observing: .observing
        }
    }

    var membership: Membership { configuration.membership }

    // MARK: Roles

    /// The election is over.
    private func take(_ decision: Vote?, _ now: Instant, _ effects: inout ZabEffects) {
        guard case .looking = part, let decision else { return }
        abstainsUntil = nil
        effects.notices.append(.elected(decision))
        if decision.leader == configuration.serverID {
            vote = decision
            lead(now, &effects)
        } else {
            // Who abstained follows as the voter that it is.
            let isVoter = ledger.mayVote || election.mayVote
            learn(from: decision, isVoter: isVoter, now, &effects)
        }
    }

    private func lead(_ now: Instant, _ effects: inout ZabEffects) {
        let leader = Leader(ledger, now: now)
        part = .leading(leader)
        leader.begin(into: &effects)
        role = leader.role
        for introduction in lobby.takeIntroduced() {
            leader.admit(introduction, now: now, into: &effects)
        }
    }

    func learn(
        from decision: Vote, isVoter: Bool, _ now: Instant, _ effects: inout ZabEffects
    ) {
        vote = decision
        lobby.closeAll(.notLeading, into: &effects)
        let learner = Learner(
            ledger, leader: decision.leader,
            isVoter: isVoter && membership.isVoter(configuration.serverID), now: now)
        part = .learning(learner)
        role = learner.role
        effects.connect = decision.leader
    }

    func stopLeading(
        _ leader: Leader, _ ending: Leader.Ending, _ now: Instant, _ effects: inout ZabEffects
    ) {
        leader.closeAll(into: &effects)
        if ending.abstains { abstainsUntil = now + configuration.finalizeWait * 10 }
        settle(.look, ending.reason, &effects)
    }

    func stopLearning(
        _ learner: Learner, _ ending: Learner.Ending, _ now: Instant,
        _ effects: inout ZabEffects
    ) {
        switch ending {
        case .look(let reason, let closing):
            if let link = learner.link { effects.close(link.id, closing) }
            settle(.look, reason, &effects)
        case .rejoin:
            if let link = learner.link { effects.close(link.id, .notFollowing) }
            guard let vote else { preconditionFailure("a learner without a vote") }
            settle(.follow(vote), nil, &effects)
        }
    }

    /// The layer above cannot trust what it has made of the history: a learner ends its part, and
    /// the state is loaded from the disk again. The history and the vote are what they were.
    /// - Returns: false if this server has no leader, or the disk replaces its state already.
    package func reloadTree(
        _ reason: String, now: Instant, into effects: inout ZabEffects
    ) -> Bool {
        guard case .learning(let learner) = part, ledger.reload(into: &effects) else {
            return false
        }
        learner.end(.look(reason, .notFollowing))
        conclude(now, &effects)
        return true
    }

    /// The tree is not what the leader's is, and loading it has not helped: this server comes back to
    /// its leader and asks for a snapshot, beside the history and the vote that it keeps. It does not look
    /// meanwhile: others may come back as well, and if all of them looked the leader would be none.
    /// - Returns: false if it does not follow.
    package func askForTree(now: Instant, into effects: inout ZabEffects) -> Bool {
        guard case .learning(let learner) = part, learner.phase == .live,
            learner.isVoter || configuration.isObserver
        else { return false }
        ledger.treeWantedIn = learner.epoch
        learner.end(.rejoin)
        conclude(now, &effects)
        return true
    }

    /// No role until the disk has done what it was asked for.
    private func settle(_ next: Next, _ reason: String?, _ effects: inout ZabEffects) {
        part = .settling(next)
        role = .looking
        ledger.holdsBack = false
        ledger.handOver(into: &effects)
        if let reason { effects.notices.append(.looking(reason: reason)) }
    }
}
