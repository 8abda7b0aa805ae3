import ZKWire

/// What a server keeps whatever its role: its promises, the end of its history, and what its disk
/// was asked for and has not answered.
///
/// A class: the role of the moment and the peer share it.
///
/// Invariants:
///  1. `epochs` is what the disk has; each order is answered once, in order.
///  2. `current <= accepted`, and neither ever decreases.
///  3. Nothing is handed to the log while it is being cut or replaced: in one step's effects that
///     would come before the cut.
final class Ledger {
    let configuration: ZabConfiguration
    var history: History
    private(set) var epochs: Epochs
    /// The disk never had a history, as far as it knows.
    private(set) var isBlank: Bool
    /// Known to be committed, since this process runs. `history.committed` is what the tree may
    /// have, and a tree is loaded with the uncommitted end of its log.
    private(set) var assured = Zxid.zero
    /// With `Learner.isHistoryLate` only: nothing goes to the log.
    var holdsBack = false
    /// With ZOOKEEPER-2355 only: an end of the history that this server says it has.
    var claimed = Zxid.zero
    /// When this server last left the lead since a quorum had other trees.
    var leftForDoubt: Instant?
    /// What `epochs` will be when every order is carried out.
    private var orderedEpochs: Epochs
    /// Whom this process has promised `epochs.accepted` to. A leader leads an epoch once in its
    /// life, so that the same promise to the same leader may be given again.
    var promisedTo: ServerID?
    private var unanswered = 0
    private var cuts = 0
    /// The install under way has taken this server's vote for its time.
    private var isVoteSuspended = false
    /// The epoch in which this server asks its leader for a snapshot, since its tree is not what the
    /// leader's is.
    var treeWantedIn: Epoch?

    init(_ configuration: ZabConfiguration, _ durable: DurableState) {
        self.configuration = configuration
        epochs = durable.epochs
        orderedEpochs = durable.epochs
        orderedEpochs.accepted = max(durable.epochs.accepted, durable.epochs.current)
        isBlank = durable.isBlank
        history = History(
            last: durable.lastZxid,
            recentBytes: configuration.isAlone ? 0 : configuration.recentBytes)
    }

    /// The disk has done all that it was asked for.
    var isSettled: Bool { unanswered == 0 && history.isSettled }

    func isDurable(upTo zxid: Zxid) -> Bool { cuts == 0 && history.durable >= zxid }

    /// The end of the history, as others are told.
    var end: Zxid { max(history.last, claimed) }

    /// Whether this server's disk can be trusted with a vote.
    var mayVote: Bool { !isBlank && !epochs.isRecovering }

    // MARK: Promises

    /// Answered by `.epochsWritten`; the new values are in `epochs` from then on.
    func write(
        accepted: Epoch? = nil, current: Epoch? = nil, isRecovering: Bool? = nil,
        into effects: inout ZabEffects
    ) {
        var next = orderedEpochs
        next.accepted = max(next.accepted, accepted ?? next.accepted)
        next.current = current ?? next.current
        next.isRecovering = isRecovering ?? next.isRecovering
        precondition(
            next.current >= orderedEpochs.current && next.current <= next.accepted,
            "\(next) cannot follow \(orderedEpochs)")
        orderedEpochs = next
        unanswered += 1
        effects.storage.append(.writeEpochs(next))
    }

    // MARK: The end of the history

    func commit(upTo zxid: Zxid) {
        history.commit(upTo: zxid)
        assured = max(assured, min(zxid, history.last))
    }

    /// New transactions go to the log.
    /// - Returns: them, for whoever else is to have them.
    @discardableResult
    func handOver(into effects: inout ZabEffects) -> TxnBatch? {
        guard cuts == 0, !holdsBack, let batch = history.takeBatch() else { return nil }
        effects.append.append(batch)
        return batch
    }

    /// Forgets everything after `zxid`, in memory at once.
    func truncate(to zxid: Zxid, into effects: inout ZabEffects) {
        precondition(zxid >= assured, "\(assured) is committed, \(zxid) is before it")
        let rebuilds = zxid < history.lastDelivered
        if rebuilds { history.reset(to: zxid) } else { history.truncate(to: zxid) }
        unanswered += 1
        cuts += 1
        effects.storage.append(.truncate(to: zxid, rebuilds: rebuilds))
    }

    /// With ZOOKEEPER-2845 only: the end goes from memory, and stays on the disk.
    func forgetUndelivered() { history.truncate(to: history.lastDelivered) }

    /// What is in memory of the state goes, and the disk is asked for it again: nothing is cut.
    /// - Returns: false where the disk is about to replace it anyway.
    func reload(into effects: inout ZabEffects) -> Bool {
        guard cuts == 0 else { return false }
        handOver(into: &effects)
        history.reset(to: history.last)
        unanswered += 1
        cuts += 1
        effects.storage.append(.truncate(to: history.last, rebuilds: true))
        return true
    }

    /// Whether a snapshot may take the place of this history, by what is known to be committed.
    /// Where that is the beginning of an epoch, as after an Apache leader's snapshot, the last
    /// transaction before it is not known: a snapshot as of any zxid may have it, with what follows.
    func mayInstall(_ zxid: Zxid) -> Bool { zxid >= assured || assured.counter == 0 }

    /// A snapshot follows on this link. Until it has ended the history is what it was.
    func install(_ link: LinkID, zxid: Zxid, into effects: inout ZabEffects) {
        precondition(mayInstall(zxid), "\(assured) is committed, \(zxid) is before it")
        isVoteSuspended = !orderedEpochs.isRecovering
        if isVoteSuspended { write(isRecovering: true, into: &effects) }
        unanswered += 1
        cuts += 1
        effects.storage.append(.install(link, zxid: zxid))
    }

    /// A snapshot follows on this link for the tree alone: the history is not in doubt, and what it is
    /// worth neither.
    func replaceTree(_ link: LinkID, zxid: Zxid, into effects: inout ZabEffects) {
        isVoteSuspended = false
        unanswered += 1
        cuts += 1
        effects.storage.append(.replaceTree(link, zxid: zxid))
    }

    // MARK: Answers of the disk

    func appended(upTo zxid: Zxid) { history.appended(upTo: zxid) }

    func epochsWritten(_ written: Epochs) {
        unanswered -= 1
        epochs = written
        // Its history is a leader's now.
        if written.current.rawValue > 0, !written.isRecovering { isBlank = false }
    }

    func truncated(into effects: inout ZabEffects) { endCut(into: &effects) }

    func installed(zxid: Zxid, into effects: inout ZabEffects) {
        history.reset(to: zxid)
        assured = min(assured, zxid)
        endCut(into: &effects)
    }

    /// What was on the disk is there as before, so that it is worth a vote as before.
    func installFailed(into effects: inout ZabEffects) {
        if isVoteSuspended { write(isRecovering: false, into: &effects) }
        endCut(into: &effects)
    }

    private func endCut(into effects: inout ZabEffects) {
        unanswered -= 1
        cuts -= 1
        precondition(unanswered >= 0 && cuts >= 0, "the disk answers what it was not asked")
        handOver(into: &effects)
    }
}
