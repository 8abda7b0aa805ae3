// Broadcast: what is proposed goes to the log and to every registered learner; what a quorum has on
// its disks is committed (Zab, phase 3).

import ZKWire

extension Leader {
    var nextZxid: Zxid {
        let last = ledger.history.last
        if last.counter >= configuration.maximumCounter, last.epoch >= epoch {
            // What adding one to 0xffffffff comes to; a leader steps down before.
            return Zxid(epoch: Epoch(rawValue: last.epoch.rawValue + 1), counter: 0)
        }
        return last.epoch < epoch ? Zxid(epoch: epoch, counter: 1) : last.next
    }

    /// The layer above proposes a turn's requests without asking in between: so many fit before the
    /// counter would wrap (rule 8).
    var isCounterUsedUp: Bool {
        if configuration.defects.contains(.zookeeper1277) { return false }
        let last = ledger.history.last
        let end = configuration.maximumCounter - configuration.counterReserve
        return last.epoch >= epoch && last.counter >= end
    }

    /// Proposals, commits and questions of this turn leave.
    func flush(into effects: inout ZabEffects) {
        if let batch = ledger.handOver(into: &effects) { propose(batch, &effects) }
        for learner in learners where learner.isRegistered && learner.isVoter && learner.isOurs {
            sendCommit(learner, &effects)
        }
        if check.needsRound { sendPings(&effects) }
        closeOverflowing(&effects)
        if phase == .established, isCounterUsedUp {
            leave("the counter of epoch \(epoch) is used up", abstains: false)
        }
    }

    private func propose(_ batch: TxnBatch, _ effects: inout ZabEffects) {
        let last = ledger.history.last
        for learner in learners where learner.isRegistered && learner.isVoter {
            learner.link.output.writeProposals(of: batch)
            learner.sentUpTo = last
            effects.list(learner.link)
        }
    }

    /// Everything that is committed, at once, to one of ours. The others have had their COMMITs.
    func sendCommit(_ learner: LearnerLink, _ effects: inout ZabEffects) {
        let committed = min(ledger.history.committed, learner.sentUpTo)
        guard learner.isVoter, learner.isOurs, phase >= .established,
            committed > learner.commitSent
        else { return }
        learner.commitSent = committed
        learner.link.output.writeCommit(committed)
        effects.list(learner.link)
    }

    // MARK: Acknowledgements

    func handleAck(
        _ zxid: Zxid, _ learner: LearnerLink, _ effects: inout ZabEffects
    ) {
        guard learner.isRegistered, zxid <= max(ledger.history.last, firstZxid) else {
            return violate(learner, "ACK of \(zxid) in \(learner.phase)", &effects)
        }
        if zxid == firstZxid {
            // The second one is of UPTODATE.
            if learner.phase == .registered { handleNewLeaderAck(learner, &effects) }
        } else if learner.isVoter, zxid > learner.acked {
            // Before the ACK of NEWLEADER too (ZOOKEEPER-4685); it counts with that.
            learner.acked = zxid
            if learner.phase >= .synced, zxid > ledger.history.committed {
                advance(&effects)
            }
        }
    }

    /// Commits what a quorum has, and this server's own disk.
    func advance(_ effects: inout ZabEffects) {
        guard phase >= .established else { return }
        let own = ledger.history.durable
        let before = ledger.history.committed
        let reached = membership.quorumValue { (server) -> Zxid? in
            if server == me { return own }
            guard let learner = byServer[server], learner.isSyncedVoter else { return nil }
            return learner.acked
        }
        if let reached, min(reached, own) > before {
            ledger.commit(upTo: min(reached, own))
            for learner in learners where learner.isRegistered { sendEach(learner, &effects) }
            noteAnswers()
        }
        checkLeaving()
    }

    /// One packet for each transaction: INFORMs for observers, COMMITs for Apache's followers. Those
    /// wait for UPTODATE: before it 3.8.0 fails on the COMMIT of what it was sent before NEWLEADER
    /// (ZOOKEEPER-4394).
    func sendEach(_ learner: LearnerLink, _ effects: inout ZabEffects) {
        guard !learner.isVoter || (!learner.isOurs && learner.phase == .live) else { return }
        let committed = min(ledger.history.committed, learner.openSyncs.first ?? .init(rawValue: .max))
        if learner.isVoter {
            writeCommits(learner, through: committed)
        } else {
            guard learner.sentUpTo >= ledger.history.base || committed <= learner.sentUpTo else {
                let reason = "what is committed after \(learner.sentUpTo) is out of memory"
                return drop(learner, .syncFailed(reason), &effects)
            }
            ledger.history.forEach(after: learner.sentUpTo, through: committed) {
                learner.link.output.writePacket(.inform, $0.zxid, data: $0.payload)
            }
            learner.sentUpTo = max(learner.sentUpTo, committed)
        }
        effects.list(learner.link)
    }

    /// What was proposed before this epoch was committed to it with the history; in the epoch
    /// counters have no gaps, so that nothing has to be in memory.
    private func writeCommits(_ learner: LearnerLink, through committed: Zxid) {
        guard committed > learner.commitSent else { return }
        var zxid = learner.commitSent.epoch < epoch
            ? Zxid(epoch: epoch, counter: 1) : learner.commitSent.next
        while zxid <= committed {
            learner.link.output.writeCommit(zxid)
            zxid = zxid.next
        }
        learner.commitSent = committed
    }

    private func closeOverflowing(_ effects: inout ZabEffects) {
        let limit = configuration.maximumLinkBytes
        for learner in learners where learner.link.output.count > limit {
            drop(learner, .outputBound(bytes: learner.link.output.count), &effects)
        }
    }

    // MARK: Asked by the layer above

    /// - Parameter server: the learner that asks, if it is one of its clients' `sync`.
    func confirm(_ token: UInt64, for server: ServerID?, into effects: inout ZabEffects) {
        guard phase >= .established else { return }
        check.ask(token, lastProposed: ledger.history.last)
        if let server, let learner = byServer[server], !learner.isOurs {
            learner.openSyncs.append(ledger.history.last)
        }
        if configuration.isAlone { check.beginRound() }
        noteAnswers()
    }

    /// The oldest `sync` of a learner is confirmed.
    func answerSync(of learner: LearnerLink, _ effects: inout ZabEffects) {
        write(learner, .sync, &effects)
        if learner.openSyncs.popFirst() != nil { sendEach(learner, &effects) }
    }

    /// Counts who has answered which PING; this server has answered them all.
    func noteAnswers() {
        let quorum = membership.quorumValue { (server) -> UInt64? in
            if server == me { return .max }
            guard let learner = byServer[server], learner.isSyncedVoter else { return nil }
            return learner.answeredRound
        }
        if let quorum { check.note(answeredRound: quorum, committed: ledger.history.committed) }
    }
}
