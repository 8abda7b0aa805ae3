import DataTree
import ZKWire

/// The digest that the tree will have once everything in flight is applied: a leader states it with
/// each proposal, and whoever applies that one must come to the same (Apache
/// `PrepRequestProcessor.precalculateDigest`).
///
/// Invariant: `value` is the tree's digest and the difference that the overlay's records make.
struct DigestForecast {
    private let node = NodeDigest()
    private(set) var value: Int64
    /// The newest transaction that changed it, and what it was before.
    private var newest = Zxid.zero
    private var previous: Int64

    /// - Parameter value: the tree's digest, while nothing is in flight.
    init(_ value: Int64) {
        self.value = value
        previous = value
    }

    var txnDigest: TxnDigest { TxnDigest(version: NodeDigest.version, treeDigest: value) }

    /// What a record keeps of path and data.
    func content(_ path: ByteView, _ data: ByteView?) -> UInt32 {
        node.content(path: path, data: data)
    }

    /// - Parameter old: nil where there is no znode yet.
    mutating func replace(
        _ path: ByteView, _ old: ChangeOverlay.Record?, by new: ChangeOverlay.Record
    ) {
        if new.zxid != newest {
            newest = new.zxid
            previous = value
        }
        guard NodeDigest.covers(path) else { return }
        if let old { value &-= digest(old) }
        if new.exists { value &+= digest(new) }
    }

    /// Takes back every change made for `zxid`, the newest one.
    mutating func undo(_ zxid: Zxid) {
        if zxid == newest { value = previous }
    }

    private func digest(_ record: ChangeOverlay.Record) -> Int64 {
        Int64(node.value(content: record.content, record.stat))
    }
}
