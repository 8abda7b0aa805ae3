// What a leader proposes and commits, during the synchronization and after it (Zab, phase 3).

import ZKWire

extension Learner {
    func handleProposal(_ zxid: Zxid, _ payload: ByteView) {
        guard phase >= .receiving, isVoter || phase < .live else {
            return violate("PROPOSAL \(zxid) in \(phase)")
        }
        take(zxid, payload)
    }

    /// A PROPOSAL and its COMMIT, for observers.
    func handleInform(_ zxid: Zxid, _ payload: ByteView, _ effects: inout ZabEffects) {
        guard phase >= .receiving, !isVoter else {
            return violate("INFORM \(zxid) in \(phase)")
        }
        if take(zxid, payload) { handleCommit(zxid, &effects) }
    }

    /// Adds a transaction to the end of the history.
    /// - Returns: false if it does not belong there.
    @discardableResult
    private func take(_ zxid: Zxid, _ payload: ByteView) -> Bool {
        let last = ledger.history.last
        guard zxid > last else {
            // It is here already, or was never to be.
            if zxid < ledger.history.base || ledger.history.floor(zxid) == zxid { return true }
            violate("PROPOSAL \(zxid), which is not in the history up to \(last)")
            return false
        }
        let isFirst = zxid.epoch > last.epoch && zxid.counter == 1
        let follows = isFirst || (zxid == last.next && zxid.epoch == last.epoch) || isGapTaken
        guard follows, zxid.epoch <= epoch else {
            violate("PROPOSAL \(zxid) after \(last)")
            return false
        }
        let payloads = ledger.history.open.payloads
        let offset = payloads.count
        payloads.writeRaw(payload)
        ledger.history.append(zxid, from: offset)
        noteGap(zxid)
        return true
    }

    /// Before UPTODATE nothing is delivered: a new leader's COMMITs may speak of what no quorum has
    /// (an Apache leader's do). Where that is more than should wait in memory it is delivered all
    /// the same: a TRUNC would have the tree loaded again, and nobody is served meanwhile.
    func handleCommit(_ zxid: Zxid, _ effects: inout ZabEffects) {
        guard phase >= .receiving, zxid <= ledger.history.last else {
            return violate("COMMIT \(zxid) in \(phase), the last was \(ledger.history.last)")
        }
        announced = max(announced, zxid)
        if phase == .live {
            ledger.commit(upTo: announced)
            checkSynced(&effects)
        } else if ledger.history.outstandingBytes > configuration.recentBytes {
            ledger.history.commit(upTo: announced)
        }
    }

    /// Says what is durable here, once the leader knows that its history is.
    func acknowledge(_ effects: inout ZabEffects) {
        guard isVoter, phase >= .waiting, ledger.history.durable > acked, let link else { return }
        let durable = ledger.history.durable
        if isLeaderOurs {
            link.output.writeAck(durable)
        } else {
            ledger.history.forEach(after: acked, through: durable) {
                link.output.writeAck($0.zxid)
            }
        }
        acked = durable
        effects.list(link)
    }
}
