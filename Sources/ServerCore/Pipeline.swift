import DequeModule
import ZKWire
import Zab

/// Proposals between their zxid and their application: proposed, logged, acknowledged, committed. An
/// ensemble of one commits what its own log reports; in an ensemble Zab stands here.
///
/// Invariants:
///  1. `lastCommitted <= durable <= lastProposed`.
///  2. In flight are exactly the zxids after `lastCommitted`, in order, each once.
struct Pipeline {
    struct InFlight {
        let batch: TxnBatch
        let entry: TxnBatch.Entry
        /// Who waits for the reply; nil for the server's own.
        let connection: Connection?
        let session: SessionID
        let xid: Int32
        /// The request's operation, which decides the reply's form.
        let operation: OpCode
        let receivedAt: Instant
    }

    private(set) var lastProposed: Zxid
    private var inFlight = Deque<InFlight>()
    /// Proposals of this turn of the loop.
    private(set) var open = TxnBatch()
    private var durable: Zxid
    /// What the payloads in flight take.
    private(set) var outstandingBytes = 0
    /// The part of it in payloads above `largeBytes`.
    private(set) var outstandingLargeBytes = 0
    private let largeBytes: Int

    /// - Parameter largeBytes: a payload of more counts as large.
    init(lastZxid: Zxid, largeBytes: Int) {
        lastProposed = lastZxid
        durable = lastZxid
        self.largeBytes = largeBytes
    }

    var outstandingCount: Int { inFlight.count }
    var nextZxid: Zxid { lastProposed.next }

    /// Records the proposal whose payload was just written to `open`.
    mutating func propose(_ zxid: Zxid, from offset: Int, _ make: (TxnBatch.Entry) -> InFlight) {
        precondition(zxid == nextZxid, "proposals step by one: \(zxid) after \(lastProposed)")
        open.endEntry(zxid: zxid, from: offset)
        lastProposed = zxid
        let entry = open.entries[open.count - 1]
        outstandingBytes += entry.length
        if entry.length > largeBytes { outstandingLargeBytes += entry.length }
        inFlight.append(make(entry))
    }

    /// The batch to log, if anything was proposed since the last.
    mutating func takeBatch() -> TxnBatch? {
        guard !open.isEmpty else { return nil }
        let batch = open
        batch.freeze()
        open = TxnBatch(capacity: min(max(batch.sizeBytes, 4096), 1_048_576))
        return batch
    }

    mutating func appended(upTo zxid: Zxid) {
        precondition(zxid <= lastProposed, "\(zxid) durable, but \(lastProposed) is the last")
        durable = max(durable, zxid)
    }

    /// The next proposal that may be applied.
    mutating func nextCommitted() -> InFlight? {
        guard let first = inFlight.first, first.entry.zxid <= durable else { return nil }
        outstandingBytes -= first.entry.length
        if first.entry.length > largeBytes { outstandingLargeBytes -= first.entry.length }
        return inFlight.removeFirst()
    }
}
