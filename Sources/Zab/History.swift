import DequeModule
import ZKWire

/// The end of the history that is in memory: what is in flight (proposed or received, not yet
/// delivered to the tree), and before it what was delivered lately, for learners that lag a little.
///
/// Invariants:
///  1. `lastDelivered <= min(committed, durable)`, `durable <= last`: the tree is never ahead of
///     the own disk (rule D2).
///  2. The slots are exactly the transactions after `base` up to `last`, in order, each once.
///  3. Everything handed over goes to the log in this order, in frozen batches.
package struct History {
    package struct Slot {
        package let batch: TxnBatch
        package let entry: TxnBatch.Entry

        package var zxid: Zxid { entry.zxid }
        package var payload: ByteView { batch.payload(entry) }
    }

    /// What of the in-memory part is delivered is kept up to so many payload bytes.
    private let recentBytes: Int
    private var slots = Deque<Slot>()
    /// Of the slots, the delivered ones come first.
    private var deliveredCount = 0
    private var deliveredBytes = 0
    /// The transaction before the first slot: a record of the log, or where the log begins.
    package private(set) var base: Zxid
    package private(set) var last: Zxid
    package private(set) var lastDelivered: Zxid
    /// How far the tree may go: what is known to be committed, and what it was loaded with. The end
    /// of that may be taken back (TRUNC): nobody is served before it is committed.
    package private(set) var committed: Zxid
    package private(set) var durable: Zxid
    /// The last one that the log was given.
    package private(set) var handedOver: Zxid
    /// What the payloads in flight take.
    package private(set) var outstandingBytes = 0
    /// Transactions that the log has not been given yet.
    package private(set) var open = TxnBatch()
    /// With ZOOKEEPER-4925 only: what learners are not sent.
    private var leftOut: Set<Zxid> = []

    /// - Parameter last: the end of the log; the tree has everything up to there.
    package init(last: Zxid, recentBytes: Int) {
        self.recentBytes = recentBytes
        self.last = last
        base = last
        lastDelivered = last
        committed = last
        durable = last
        handedOver = last
    }

    package var outstandingCount: Int { slots.count - deliveredCount }
    /// Everything that was given to the log is on the disk.
    package var isSettled: Bool { handedOver == durable && open.isEmpty }

    // MARK: Growing

    /// Records the transaction whose payload was just written to `open.payloads` from `offset` on.
    package mutating func append(_ zxid: Zxid, from offset: Int) {
        precondition(zxid > last, "\(zxid) cannot follow \(last)")
        open.endEntry(zxid: zxid, from: offset)
        last = zxid
        let entry = open.entries[open.count - 1]
        outstandingBytes += entry.length
        slots.append(Slot(batch: open, entry: entry))
    }

    /// The batch for the log, if there is anything new.
    package mutating func takeBatch() -> TxnBatch? {
        guard !open.isEmpty else { return nil }
        let batch = open
        batch.freeze()
        handedOver = last
        open = TxnBatch(capacity: min(max(batch.sizeBytes, 4096), 1_048_576))
        return batch
    }

    package mutating func appended(upTo zxid: Zxid) {
        precondition(zxid <= last, "\(zxid) durable, but \(last) is the last")
        durable = max(durable, zxid)
    }

    /// Everything up to `zxid` is acknowledged by a quorum, or a leader says so.
    package mutating func commit(upTo zxid: Zxid) { committed = max(committed, min(zxid, last)) }

    /// The next transaction that the tree may have. Valid until the next call.
    package mutating func nextCommitted() -> Slot? {
        guard deliveredCount < slots.count else { return nil }
        let slot = slots[deliveredCount]
        guard slot.zxid <= committed, slot.zxid <= durable else { return nil }
        outstandingBytes -= slot.entry.length
        lastDelivered = slot.zxid
        deliveredCount += 1
        deliveredBytes += slot.entry.length
        evict()
        return slot
    }

    private mutating func evict() {
        while deliveredCount > 0, deliveredBytes > recentBytes || recentBytes == 0 {
            let first = slots.removeFirst()
            deliveredCount -= 1
            deliveredBytes -= first.entry.length
            base = first.zxid
        }
    }

    // MARK: Changing the end

    /// Takes back what no quorum has: everything after `zxid`, none of it delivered.
    package mutating func truncate(to zxid: Zxid) {
        precondition(open.isEmpty, "truncation with transactions on their way to the log")
        precondition(zxid >= lastDelivered, "\(lastDelivered) is delivered, \(zxid) is before it")
        while let slot = slots.last, slot.zxid > zxid {
            slots.removeLast()
            outstandingBytes -= slot.entry.length
        }
        last = zxid
        durable = min(durable, zxid)
        handedOver = min(handedOver, zxid)
        committed = min(committed, zxid)
    }

    /// Another state took the place of this one: a snapshot, or what was rebuilt from the disk.
    package mutating func reset(to zxid: Zxid) {
        self = History(last: zxid, recentBytes: recentBytes)
    }

    // MARK: Reading it

    /// The greatest transaction here at or before `zxid`, `base` included; nil if `zxid` lies
    /// before what is in memory.
    package func floor(_ zxid: Zxid) -> Zxid? {
        guard zxid >= base else { return nil }
        let index = firstIndex(after: zxid)
        return index == 0 ? base : slots[index - 1].zxid
    }

    /// Everything after `zxid`, in order.
    /// - Parameter end: the last one.
    package func forEach(after zxid: Zxid, through end: Zxid? = nil, _ body: (Slot) -> Void) {
        for index in firstIndex(after: zxid)..<slots.count {
            let slot = slots[index]
            if let end, slot.zxid > end { return }
            if !leftOut.isEmpty, leftOut.contains(slot.zxid) { continue }
            body(slot)
        }
    }

    mutating func leaveOut(_ zxid: Zxid) { leftOut.insert(zxid) }

    private func firstIndex(after zxid: Zxid) -> Int {
        var low = 0
        var high = slots.count
        while low < high {
            let middle = (low + high) / 2
            if slots[middle].zxid <= zxid { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
