// Synchronization: each learner's history becomes the leader's, and then it takes part (Zab, phase
// 2). What a learner is sent last and its registration for what is proposed are one step (rule 6).

import ZKWire

extension Leader {
    /// Begins with everyone whose turn it is.
    func synchronizeWaiting(_ effects: inout ZabEffects) {
        guard phase >= .synchronizing else { return }
        for learner in learners where learner.phase == .acknowledged && maySynchronize(learner) {
            begin(learner, &effects)
        }
    }

    /// Voters never wait for others. An observer is sent only what is committed, and before the
    /// epoch is established nobody knows what that is; so many are served at a time.
    private func maySynchronize(_ learner: LearnerLink) -> Bool {
        if learner.isVoter { return true }
        guard phase >= .established else { return false }
        let observers = learners.lazy.filter { !$0.isVoter }
        if learner.last < ledger.history.base {
            let count = observers.filter { $0.phase == .streaming }.count
            return count < configuration.maxConcurrentSnapSyncs
        }
        let count = observers.filter { $0.phase == .streaming || $0.phase == .registered }.count
        return count < configuration.maxConcurrentDiffSyncs
    }

    private func begin(
        _ learner: LearnerLink, _ effects: inout ZabEffects
    ) {
        guard !learner.isTreeGranted, let common = commonEnd(with: learner.last), learner.isOurs || common == learner.last
                || common.epoch == learner.last.epoch
        else { return stream(learner, &effects) }
        let isUncut = configuration.defects.contains(.zookeeper1154)
        let mode = common == learner.last || isUncut ? SyncMode.diff : .trunc
        write(learner, mode == .diff ? .diff(promised) : .trunc(common), &effects)
        effects.notices.append(.learnerSyncing(learner.server, mode, after: common))
        complete(learner, after: common, &effects)
    }

    /// What is committed when UPTODATE comes, at the least.
    private var promised: Zxid { max(initialEnd, ledger.history.committed) }

    /// The last transaction that both have, if that can be told from what is in memory.
    private func commonEnd(with last: Zxid) -> Zxid? {
        guard let floor = ledger.history.floor(last) else { return nil }
        guard floor < last, last.counter == 0 else { return floor }
        // An Apache server's history may end where an epoch begins, at no transaction. If this
        // server was of that epoch, or the epoch has transactions here, everything before is common.
        if last.epoch == initialEpoch { return last }
        var next: Zxid?
        ledger.history.forEach(after: last, through: Zxid(epoch: last.epoch, counter: .max)) {
            if next == nil { next = $0.zxid }
        }
        return next == nil ? nil : last
    }

    // MARK: From the disk

    private func stream(_ learner: LearnerLink, _ effects: inout ZabEffects) {
        learner.phase = .streaming
        effects.stream.append(
            SyncOrder(
                link: learner.link.id, learner: learner.server, after: learner.last,
                isFirst: !learner.isStreamBegun, isTreeWanted: learner.isTreeGranted,
                upTo: ledger.history.committed,
                apacheEpochStart: learner.isOurs ? nil : firstZxid))
        learner.isStreamBegun = true
    }

    func handleStreamed(
        _ link: LinkID, _ zxid: Zxid, _ effects: inout ZabEffects
    ) {
        guard let learner = byLink[link], learner.phase == .streaming else { return }
        learner.lastProgress = now
        lastProgress = now
        if zxid >= ledger.history.base || configuration.defects.contains(.zookeeper2418) {
            complete(learner, after: zxid, &effects)
        } else if zxid > learner.last {
            learner.last = zxid
            stream(learner, &effects)
        } else {
            drop(learner, .syncFailed("nothing was sent after \(zxid)"), &effects)
        }
    }

    // MARK: The one step

    private func complete(
        _ learner: LearnerLink, after common: Zxid, _ effects: inout ZabEffects
    ) {
        flush(into: &effects)
        let history = ledger.history
        let end = learner.isVoter ? history.last : max(common, history.committed)
        // Apache's followers log before NEWLEADER only what has been committed to them: they get
        // the COMMITs that their own leader would have sent.
        let committed = learner.isVoter && !learner.isOurs ? promised : history.committed
        let output = learner.link.output
        let isHasty = configuration.defects.contains(.zookeeper3104)
        if isHasty { writeNewLeader(learner, &effects) }
        history.forEach(after: common, through: end) { slot in
            output.writeProposal(slot.zxid, payload: slot.payload)
            if !learner.isOurs, slot.zxid <= committed { output.writeCommit(slot.zxid) }
        }
        learner.commitSent = min(committed, end)
        if learner.isOurs, learner.commitSent > common { output.writeCommit(learner.commitSent) }
        learner.sentUpTo = learner.isVoter || !learner.isOurs ? end : min(end, history.committed)
        learner.syncedThrough = learner.isOurs ? end : learner.commitSent
        learner.phase = .registered
        if !isHasty { writeNewLeader(learner, &effects) }
    }

    private func writeNewLeader(_ learner: LearnerLink, _ effects: inout ZabEffects) {
        configuration.membershipText.withByteView { text in
            let membership = text.count > 0 ? text : nil
            write(learner, .newLeader(firstZxid, membership: membership), &effects)
        }
    }

    /// The zxid of NEWLEADER, which comes before all that this leader proposes.
    var firstZxid: Zxid { Zxid(epoch: epoch, counter: 0) }

    // MARK: Establishing

    /// A learner's first ACK: everything that it was sent before NEWLEADER is durable there.
    func handleNewLeaderAck(
        _ learner: LearnerLink, _ effects: inout ZabEffects
    ) {
        learner.phase = .synced
        learner.acked = max(learner.acked, learner.syncedThrough)
        if phase == .synchronizing {
            checkEstablished(&effects)
        } else {
            makeLive(learner, &effects)
            advance(&effects)
        }
    }

    /// Commits the initial history when a quorum has it, this server's own disk counted.
    func checkEstablished(_ effects: inout ZabEffects) {
        guard phase == .synchronizing else { return }
        var quorum = ServerSet(learners.lazy.filter(\.isSyncedVoter).map(\.server))
        quorum.insert(me)
        guard membership.isQuorum(quorum) else { return }
        ledger.commit(upTo: ledger.history.last)
        enter(.established)
        let synced = learners.filter { $0.phase == .synced }
        effects.notices.append(.established(epoch, learners: synced.map(\.server)))
        for learner in synced { makeLive(learner, &effects) }
        flush(into: &effects)
        synchronizeWaiting(&effects)
    }

    private func makeLive(_ learner: LearnerLink, _ effects: inout ZabEffects) {
        sendCommit(learner, &effects)
        write(learner, .upToDate, &effects)
        learner.phase = .live
        learner.liveSince = now
        if learner.isTreeGranted { learner.wantsTree = false }
        if learner.isVoter { sendEach(learner, &effects) }
        effects.notices.append(.learnerSynced(learner.server))
    }
}
