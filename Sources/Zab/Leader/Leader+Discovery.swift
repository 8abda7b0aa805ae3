// Discovery: from a quorum's FOLLOWERINFO to the epoch, from a quorum's ACKEPOCH to the certainty
// that no member of that quorum has more of the history than this server (Zab, phase 1).

import ZKWire

extension Leader {
    /// Epochs above it are no epochs: the wire has them signed, and -1 stands for none.
    static let highestEpoch = Epoch(rawValue: UInt32(Int32.max))

    /// Begins to lead. An ensemble of one needs nobody and goes on in its epoch.
    func begin(into effects: inout ZabEffects) {
        if configuration.isAlone, !isCounterUsedUp {
            ledger.commit(upTo: ledger.history.last)
            enter(.established)
        } else {
            chooseEpoch(&effects)
        }
    }

    /// A learner has said who it is.
    func admit(_ introduction: Introduction, now: Instant, into effects: inout ZabEffects) {
        self.now = now
        if let reason = refusal(of: introduction) {
            return effects.close(introduction.link.id, reason)
        }
        if let old = byServer[introduction.server] { drop(old, .replaced, &effects) }
        let learner = LearnerLink(introduction, isVoter: introduction.isFollower, now: now)
        learners.append(learner)
        byLink[learner.link.id] = learner
        byServer[learner.server] = learner
        guard phase != .collecting else { return chooseEpoch(&effects) }
        if learner.isVoter, learner.acceptedEpoch > epoch {
            return end("server \(learner.server) has accepted epoch \(learner.acceptedEpoch)")
        }
        if phase >= .inviting { invite(learner, &effects) }
    }

    private func refusal(of introduction: Introduction) -> LinkCloseReason? {
        let server = introduction.server
        guard membership.contains(server), server != me else {
            return .unknownServer(server.rawValue)
        }
        if introduction.isFollower, !membership.isVoter(server) {
            return .protocolViolation("FOLLOWERINFO of server \(server), which is an observer")
        }
        if introduction.protocolVersion < ProtocolVersion.apache {
            return ProtocolVersion.refusal(server, introduction.protocolVersion)
        }
        if !introduction.hasMembershipVersion {
            return ProtocolVersion.refusal(
                "server \(server)", says: "who it is as Apache ZooKeeper 3.4 does")
        }
        if introduction.acceptedEpoch >= Leader.highestEpoch {
            return .protocolViolation("an acceptedEpoch of \(introduction.acceptedEpoch)")
        }
        return nil
    }

    /// One above all that a quorum has promised, as soon as there is a quorum.
    private func chooseEpoch(_ effects: inout ZabEffects) {
        let voters = learners.filter(\.isVoter)
        var quorum = ServerSet(voters.map(\.server))
        quorum.insert(me)
        guard membership.isQuorum(quorum) else { return }
        let own = max(ledger.epochs.accepted, initialEnd.epoch)
        let highest = voters.reduce(own) { max($0, $1.acceptedEpoch) }
        guard highest < Leader.highestEpoch else {
            return end("there is no epoch after \(highest)")
        }
        epoch = Epoch(rawValue: highest.rawValue + 1)
        enter(.promising)
        ledger.promisedTo = me
        ledger.write(accepted: epoch, into: &effects)
    }

    func handleEpochsWritten(_ effects: inout ZabEffects) {
        if phase == .promising, ledger.epochs.accepted == epoch {
            enter(.inviting)
            effects.notices.append(.leading(epoch))
            for learner in learners { invite(learner, &effects) }
            checkAcknowledgedEpoch(&effects)
        } else if phase == .adopting, ledger.epochs.current == epoch {
            enter(.synchronizing)
            synchronizeWaiting(&effects)
            checkEstablished(&effects)
        }
    }

    private func invite(_ learner: LearnerLink, _ effects: inout ZabEffects) {
        learner.phase = .invited
        write(learner, .leaderInfo(epoch, protocolVersion: learner.protocolVersion), &effects)
    }

    /// An ACKEPOCH without an epoch tells where the learner's history ends, and does not count: it
    /// had promised the epoch before, perhaps to another.
    func handleAckEpoch(
        _ last: Zxid, _ current: Epoch?, _ learner: LearnerLink, _ effects: inout ZabEffects
    ) {
        guard learner.phase == .invited, last >= .zero, current.map({ $0 <= epoch }) ?? true else {
            return violate(learner, "ACKEPOCH of \(last) in \(learner.phase)", &effects)
        }
        learner.phase = .acknowledged
        learner.last = last
        if learner.isVoter, let current, phase == .inviting {
            let own = (ledger.epochs.current, initialEnd)
            if (current, last) > own {
                return end("server \(learner.server) has \(last) of epoch \(current)")
            }
            learner.hasAcknowledgedEpoch = true
            checkAcknowledgedEpoch(&effects)
        }
        if learner.wantsTree { considerTree(learner) }
        synchronizeWaiting(&effects)
    }

    private func checkAcknowledgedEpoch(_ effects: inout ZabEffects) {
        guard phase == .inviting else { return }
        var quorum = ServerSet(
            learners.lazy.filter { $0.isVoter && $0.hasAcknowledgedEpoch }.map(\.server))
        quorum.insert(me)
        guard membership.isQuorum(quorum) else { return }
        enter(.adopting)
        ledger.write(current: epoch, isRecovering: false, into: &effects)
    }
}
