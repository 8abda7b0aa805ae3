// Discovery, the learner's side: it says who it is, promises the leader's epoch, and says where its
// history ends (Zab, phase 1).

import ZKWire

extension Learner {
    func introduce(_ effects: inout ZabEffects) {
        let info = LearnerInfo(
            server: configuration.serverID, protocolVersion: ProtocolVersion.own,
            configuration: ConfigurationVersion(rawValue: 0))
        let accepted = ledger.epochs.accepted
        write(
            isVoter
                ? .followerInfo(acceptedEpoch: accepted, info)
                : .observerInfo(acceptedEpoch: accepted, info), &effects)
    }

    func handleLeaderInfo(_ proposed: Epoch, _ version: Int32, _ effects: inout ZabEffects) {
        guard phase == .introducing else { return violate("LEADERINFO in \(phase)") }
        guard version >= ProtocolVersion.apache else {
            return refuse(ProtocolVersion.refusal(leader, version))
        }
        // Who has no vote has promised nothing, but it does not go back behind a history.
        let least = isVoter ? ledger.epochs.accepted : ledger.epochs.current
        guard proposed >= least, proposed.rawValue > 0 else {
            let reason = "server \(leader) leads epoch \(proposed), \(least) is accepted here"
            return end(.look(reason, .notFollowing))
        }
        epoch = proposed
        isLeaderOurs = version >= ProtocolVersion.own
        effects.notices.append(.following(leader, epoch))
        enter(.promising)
        // A blank disk must not pass for one with a history before it has all of it.
        let becomesRecovering =
            !isVoter && !configuration.isObserver && !ledger.epochs.isRecovering
        if proposed > ledger.epochs.accepted { ledger.promisedTo = leader }
        if proposed > ledger.epochs.accepted || becomesRecovering {
            ledger.write(
                accepted: proposed, isRecovering: becomesRecovering ? true : nil, into: &effects)
        } else {
            // Promised before: if to another server, this is no vote for the leader.
            let isSame = proposed == ledger.epochs.accepted && ledger.promisedTo == leader
            acknowledgeEpoch(isSame ? ledger.epochs.current : nil, &effects)
        }
    }

    func handleEpochsWritten(_ effects: inout ZabEffects) {
        switch phase {
        case .promising where ledger.epochs.accepted >= epoch:
            acknowledgeEpoch(ledger.epochs.current, &effects)
        case .adopting where ledger.epochs.current == epoch:
            if isHistoryLate, logsLate(&effects) { return }
            acknowledgeNewLeader(&effects)
        case .live where !isVoter && ledger.epochs.current == epoch:
            comeBackAsVoter()
        default: break
        }
    }

    private func acknowledgeEpoch(_ current: Epoch?, _ effects: inout ZabEffects) {
        precondition(ledger.isSettled, "the end of the log is not known")
        enter(.acknowledging)
        // Only a leader that is established already, and whose history this server has: one that
        // counts the answer must be told where the log ends.
        hasAskedForTree = ledger.treeWantedIn == epoch && epoch == ledger.epochs.current
        ledger.treeWantedIn = nil
        // An Apache leader sends a snapshot to who ends where no history of its own comes by.
        let end = hasAskedForTree && !isLeaderOurs ? Learner.endOfNowhere : ledger.end
        write(
            .ackEpoch(
                lastLoggedZxid: end, currentEpoch: current,
                wantsTree: hasAskedForTree && isLeaderOurs), &effects)
    }

    /// In the epoch that no ensemble has: only of Apache's servers that were started alone there is a
    /// history of it.
    private static var endOfNowhere: Zxid { Zxid(epoch: Epoch(rawValue: 0), counter: 1) }
}
