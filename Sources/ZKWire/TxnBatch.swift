// The hand-over from the core to the log, to the peers and back to the tree: proposals in zxid
// order, encoded once.

/// Proposals in the order of their zxids, encoded as they go to the log and to the peers: jute
/// `TxnHeader`, the txn's record and, where digests are on, a `TxnDigest`.
///
/// Filled by its one owner, then frozen; a frozen batch is only read, by any thread.
// SAFETY: `@unchecked`: every mutation happens before `freeze()`, which the hand-over to another
// thread follows; an `append` after it traps.
package final class TxnBatch: @unchecked Sendable {
    package struct Entry: Equatable, Sendable {
        package let zxid: Zxid
        /// Where the payload lies in `payloads`.
        package let offset: Int
        package let length: Int
    }

    package private(set) var entries: [Entry] = []
    package let payloads: ByteWriter
    package private(set) var isFrozen = false

    package init(capacity: Int = 16 * 1024) { payloads = ByteWriter(capacity: capacity) }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }
    package var sizeBytes: Int { payloads.count }
    package var firstZxid: Zxid? { entries.first?.zxid }
    package var lastZxid: Zxid? { entries.last?.zxid }

    /// Adds the proposal whose payload was written to `payloads` from `offset` on.
    package func endEntry(zxid: Zxid, from offset: Int) {
        precondition(!isFrozen && (entries.last.map { $0.zxid < zxid } ?? true))
        entries.append(Entry(zxid: zxid, offset: offset, length: payloads.count - offset))
    }

    package func append(zxid: Zxid, payload: ByteView) {
        let offset = payloads.count
        payloads.writeRaw(payload)
        endEntry(zxid: zxid, from: offset)
    }

    package func freeze() { isFrozen = true }

    /// The payload of an entry, valid as long as the batch.
    @inline(__always)
    package func payload(_ entry: Entry) -> ByteView {
        payloads.view[view: entry.offset..<(entry.offset + entry.length)]
    }
}
