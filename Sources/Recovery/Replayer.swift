import DataTree
import ZKWire

/// Applies logged transactions to a tree, in order and without gaps.
struct Replayer {
    let tree: DataTree
    private(set) var appliedCount: UInt64 = 0
    private(set) var lastZxid: Zxid
    private var observer = NoObserver()

    /// - Parameter tree: as of its `lastProcessedZxid`.
    init(_ tree: DataTree) {
        self.tree = tree
        lastZxid = tree.lastProcessedZxid
    }

    /// Decodes and applies one payload: jute `TxnHeader`, txn, perhaps a `TxnDigest`.
    @inline(__always)
    mutating func apply(_ payload: ByteView) throws(DecodeError) {
        var reader = JuteReader(payload)
        let header = try reader.readTxnHeader()
        let txn = try reader.readTxn(type: header.type)
        tree.apply(header, txn, observer: &observer)
        lastZxid = header.zxid
        appliedCount &+= 1
    }

    /// The zxid that a payload states.
    @inline(__always)
    static func zxid(of payload: ByteView) throws(DecodeError) -> Zxid {
        var reader = JuteReader(payload)
        return try reader.readTxnHeader().zxid
    }

    /// Whether `next` may follow `last`: the next one of the epoch, or the first of a later epoch.
    @inline(__always)
    static func canFollow(_ next: Zxid, after last: Zxid) -> Bool {
        next == last.next || (next.epoch > last.epoch && next.counter == 1)
    }
}
