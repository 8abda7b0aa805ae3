// Synchronization, the learner's side: its history becomes the leader's, is made durable, and only
// then counts (Zab, phase 2; rule 3).

import ZKWire

extension Learner {
    func handleDiff(_ zxid: Zxid) {
        guard begins("DIFF") else { return }
        announced = zxid
        if configuration.defects.contains(.zookeeper2355) { ledger.claimed = zxid }
    }

    func handleTrunc(_ zxid: Zxid, _ effects: inout ZabEffects) {
        guard begins("TRUNC") else { return }
        let history = ledger.history
        guard zxid <= history.last, zxid >= ledger.assured,
            zxid < history.base || history.floor(zxid) == zxid
        else {
            return violate(
                "TRUNC to \(zxid): the log ends at \(history.last), \(ledger.assured) is committed")
        }
        announced = zxid
        if zxid < history.last { ledger.truncate(to: zxid, into: &effects) }
    }

    func handleSnap(_ zxid: Zxid, _ effects: inout ZabEffects) {
        guard begins("SNAP"), let link else { return }
        if hasAskedForTree, isLeaderOurs {
            announced = zxid
            return ledger.replaceTree(link.id, zxid: zxid, into: &effects)
        }
        guard ledger.mayInstall(zxid) else {
            return violate("SNAP of \(zxid), but \(ledger.assured) is committed")
        }
        announced = zxid
        ledger.install(link.id, zxid: zxid, into: &effects)
    }

    private func begins(_ type: String) -> Bool {
        guard phase == .acknowledging else {
            violate("\(type) in \(phase)")
            return false
        }
        enter(.receiving)
        ledger.holdsBack = isHistoryLate
        return true
    }

    func handleInstalled(_ id: LinkID, _ zxid: Zxid) {
        guard id == link?.id else { return }
        precondition(
            phase == .receiving && (announced == zxid || hasAskedForTree),
            "\(zxid) installed in \(phase)")
    }

    // MARK: NEWLEADER

    func handleNewLeader(_ zxid: Zxid, _ effects: inout ZabEffects) {
        if phase == .introducing {
            return refuse(
                ProtocolVersion.refusal(
                    "server \(leader)",
                    says: "NEWLEADER before LEADERINFO, as Apache ZooKeeper before 3.4 does"))
        }
        guard phase == .receiving, zxid == firstZxid else {
            return violate("NEWLEADER of \(zxid) in \(phase)")
        }
        syncEnd = ledger.history.last
        enter(.adopting)
        adopt(&effects)
    }

    private var firstZxid: Zxid { Zxid(epoch: epoch, counter: 0) }

    /// Once the history is durable the epoch is this server's. One without a vote that has one by
    /// the configuration waits for UPTODATE: only then is it known that this history counts.
    private func adopt(_ effects: inout ZabEffects) {
        guard phase == .adopting, isHistoryLate || ledger.isDurable(upTo: syncEnd) else { return }
        if isVoter || configuration.isObserver {
            ledger.write(current: epoch, isRecovering: false, into: &effects)
        } else {
            acknowledgeNewLeader(&effects)
        }
    }

    func acknowledgeNewLeader(_ effects: inout ZabEffects) {
        enter(.waiting)
        // To an Apache leader, what it has committed needs no ACK.
        acked = isLeaderOurs ? syncEnd : min(announced, syncEnd)
        write(.ack(firstZxid), &effects)
        acknowledge(&effects)
    }

    // MARK: UPTODATE

    func handleUpToDate(_ effects: inout ZabEffects) {
        guard phase == .waiting else { return violate("UPTODATE in \(phase)") }
        enter(.live)
        ledger.holdsBack = false
        ledger.commit(upTo: announced)
        write(.ack(firstZxid), &effects)
        checkSynced(&effects)
    }

    /// The tree was loaded with the end of the log, committed or not.
    func checkSynced(_ effects: inout ZabEffects) {
        guard phase == .live, !isSynced, ledger.assured >= ledger.history.lastDelivered
        else { return }
        isSynced = true
        effects.notices.append(.synced(leader, epoch, ledger.assured))
        if !isVoter, !configuration.isObserver {
            ledger.write(current: epoch, isRecovering: false, into: &effects)
        }
    }

    func comeBackAsVoter() {
        if !configuration.isObserver { end(.rejoin) }
    }

    func handleAppended(_ effects: inout ZabEffects) {
        adopt(&effects)
        acknowledge(&effects)
    }
}
