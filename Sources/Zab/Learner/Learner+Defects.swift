import ZKWire

// Defects on purpose, of the learner's side of the synchronization (`KnownDefects`).
extension Learner {
    /// What comes before NEWLEADER goes to the log later than it should.
    var isHistoryLate: Bool {
        !configuration.defects.isDisjoint(
            with: [.zookeeper3911, .zookeeper4643, .zookeeper4646])
    }

    /// `currentEpoch` is written.
    /// - Returns: whether the acknowledgement of NEWLEADER waits for the log all the same.
    func logsLate(_ effects: inout ZabEffects) -> Bool {
        if !configuration.defects.contains(.zookeeper3911) {
            ledger.holdsBack = false
            ledger.handOver(into: &effects)
        }
        return configuration.defects.contains(.zookeeper4643)
            && !ledger.isDurable(upTo: syncEnd)
    }

    /// Whether a transaction may come after what does not lead up to it.
    var isGapTaken: Bool { configuration.defects.contains(.zookeeper4925) }

    /// What was just taken is missing in what this server sends when it leads.
    func noteGap(_ zxid: Zxid) {
        guard isGapTaken, phase == .adopting || phase == .waiting else { return }
        ledger.history.leaveOut(zxid)
    }
}
