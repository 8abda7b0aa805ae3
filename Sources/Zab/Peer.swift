// One server's part in Zab: it looks for a leader, follows one or is one, and keeps the end of the
// history. A machine without I/O, clock, lock or await. Specification: docs/zab.md.

import ZKWire

/// The protocol of one server. A class for the identity of the memory that it owns.
package final class Peer {
    package let configuration: ZabConfiguration
    package internal(set) var role = Role.looking
    package internal(set) var epochs: Epochs
    package internal(set) var history: History

    /// - Parameters:
    ///   - recentBytes: none in an ensemble of one, which has nobody to send it to.
    package init(_ configuration: ZabConfiguration, _ durable: DurableState, now: Instant) {
        self.configuration = configuration
        epochs = durable.epochs
        history = History(
            last: durable.lastZxid,
            recentBytes: configuration.isAlone ? 0 : configuration.recentBytes)
    }

    /// The one entry for everything but a packet that the layer above answers: see `receive`.
    package func step(_ event: ZabEvent, now: Instant, into effects: inout ZabEffects) {
        switch event {
        case .started:
            if configuration.isAlone { role = .leading(epochs.current, isEstablished: true) }
        case .appended(let zxid):
            history.appended(upTo: zxid)
            if configuration.isAlone { history.commit(upTo: zxid) }
        default: break
        }
    }

    /// A packet of the quorum port.
    /// - Returns: the server it is from, if it belongs to the layer above (REQUEST, REVALIDATE,
    ///   SYNC, and the sessions in a PING) and that server's state allows it.
    package func receive(
        _ packet: QuorumPacket, on link: LinkID, now: Instant, into effects: inout ZabEffects
    ) -> ServerID? {
        nil
    }

    // MARK: For the layer above

    /// The zxid of the next proposal. Only for an established leader.
    package var nextZxid: Zxid { history.last.next }

    /// Where the next proposal's payload is written; then comes `propose`.
    package var payloads: ByteWriter { history.open.payloads }

    /// Makes what was written to `payloads` from `offset` on the proposal `nextZxid`.
    package func propose(from offset: Int) { history.append(nextZxid, from: offset) }

    /// Proposals of this turn go to the log and to the learners.
    package func flush(into effects: inout ZabEffects) {
        if let batch = history.takeBatch() { effects.append.append(batch) }
    }

    /// The next transaction for the tree.
    package func nextCommitted() -> History.Slot? { history.nextCommitted() }

    /// Whether `propose` is allowed: an established leader that is not on its way out.
    package var canPropose: Bool { role.isEstablishedLeader }

    /// Writes one packet to a synced learner.
    /// - Returns: false if this server does not lead or has no such learner.
    @discardableResult
    package func send(
        to server: ServerID, into effects: inout ZabEffects, _ write: (ByteWriter) -> Void
    ) -> Bool {
        false
    }

    /// Writes one packet to the leader that this server is synced with; also the answer to a PING.
    /// - Returns: false if there is none.
    @discardableResult
    package func sendToLeader(
        into effects: inout ZabEffects, _ write: (ByteWriter) -> Void
    ) -> Bool {
        false
    }

    /// Asks whether this server still leads: see `takeConfirmed`. Forgotten when it steps down.
    package func confirmLeadership(
        token: UInt64, now: Instant, into effects: inout ZabEffects
    ) {
        confirmed.append(token)
    }

    /// The tokens, in the order of the calls, since whose `confirmLeadership` a quorum has answered
    /// a PING and everything that had been proposed is committed.
    package func takeConfirmed() -> [UInt64] {
        defer { confirmed.removeAll() }
        return confirmed
    }

    private var confirmed: [UInt64] = []
}
