// What the layer above does with a role: it proposes, takes what is committed, and writes packets
// of its own.

import ZKWire

extension Peer {
    // MARK: Proposals

    /// Whether `propose` is allowed.
    package var canPropose: Bool { role.isEstablishedLeader }

    /// The zxid of the next proposal. Only for an established leader.
    package var nextZxid: Zxid {
        guard case .leading(let leader) = part else { return ledger.history.last.next }
        return leader.nextZxid
    }

    /// Where the next proposal's payload is written; then comes `propose`.
    package var payloads: ByteWriter { ledger.history.open.payloads }

    /// Makes what was written to `payloads` from `offset` on the proposal `nextZxid`.
    package func propose(from offset: Int) {
        precondition(canPropose, "a proposal by a server that is \(role)")
        ledger.history.append(nextZxid, from: offset)
    }

    /// Proposals of this turn go to the log and to the learners, and so do commits. The layer above
    /// calls it at the end of each turn, and may do so earlier.
    package func flush(into effects: inout ZabEffects) {
        if case .leading(let leader) = part {
            leader.flush(into: &effects)
            role = leader.role
        } else {
            ledger.handOver(into: &effects)
        }
    }

    /// The next transaction for the tree.
    package func nextCommitted() -> History.Slot? { ledger.history.nextCommitted() }

    // MARK: Packets of the layer above

    /// Writes one packet to a synced learner.
    /// - Returns: false if this server does not lead or has no such learner.
    @discardableResult
    package func send(
        to server: ServerID, into effects: inout ZabEffects, _ write: (ByteWriter) -> Void
    ) -> Bool {
        guard case .leading(let leader) = part, let learner = leader.byServer[server],
            learner.phase == .live
        else { return false }
        write(learner.link.output)
        effects.list(learner.link)
        return true
    }

    /// Writes one packet to the leader that this server is synced with; also the answer to a PING.
    /// - Returns: false if there is none.
    @discardableResult
    package func sendToLeader(
        into effects: inout ZabEffects, _ write: (ByteWriter) -> Void
    ) -> Bool {
        guard case .learning(let learner) = part, learner.phase == .live, let link = learner.link
        else { return false }
        write(link.output)
        effects.list(link)
        return true
    }

    // MARK: Leadership

    /// Asks whether this server still leads: see `takeConfirmed`. Forgotten when it steps down.
    /// - Parameter learner: whose client has asked; then comes `answerSync`, in the same order.
    package func confirmLeadership(
        token: UInt64, for learner: ServerID? = nil, now: Instant, into effects: inout ZabEffects
    ) {
        guard case .leading(let leader) = part else { return }
        leader.confirm(token, for: learner, into: &effects)
    }

    /// Tells a learner that its oldest `sync` is confirmed, after all that was committed before it
    /// asked; to an Apache server, before all that was proposed afterwards.
    package func answerSync(of server: ServerID, into effects: inout ZabEffects) {
        guard case .leading(let leader) = part, let learner = leader.byServer[server],
            learner.phase == .live
        else { return }
        leader.answerSync(of: learner, &effects)
    }

    /// The tokens, in the order of the calls, since whose `confirmLeadership` a quorum has answered
    /// a PING and everything that had been proposed is committed.
    package func takeConfirmed() -> [UInt64] {
        guard case .leading(let leader) = part else { return [] }
        return leader.check.takeAnswered()
    }
}
