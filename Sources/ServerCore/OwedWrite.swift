import ZKWire
import Zab

/// A client's write whose reply is owed. Its transaction is known by the session and this xid, on
/// whichever server it was proposed: so the same code answers the clients of a leader, those of a
/// follower, and those whose request survived an election.
struct OwedWrite {
    let xid: Int32
    /// Decides the reply's form.
    let operation: OpCode
    let receivedAt: Instant
    /// What it counts for in `outstanding`.
    let bytes: Int
    /// The content of its frame, from a learner's client: it is forwarded again to a new leader. Empty
    /// where this server proposed it.
    let frame: [UInt8]

    /// Whether this is the transaction that it became: the operation's own, or the error that it
    /// ended in.
    @inline(__always)
    func became(_ header: TxnHeader) -> Bool {
        xid == header.cxid
            && (header.type == operation.rawValue || header.type == OpCode.error.rawValue)
    }
}

/// How much of something is under way.
struct Outstanding {
    private(set) var count = 0
    private(set) var bytes = 0
    /// The part of `bytes` in pieces of more than `largeAbove`.
    private(set) var largeBytes = 0
    private let largeAbove: Int

    init(largeAbove: Int = .max) { self.largeAbove = largeAbove }

    @inline(__always)
    mutating func add(bytes more: Int) {
        count += 1
        bytes += more
        if more > largeAbove { largeBytes += more }
    }

    @inline(__always)
    mutating func remove(bytes less: Int) {
        count -= 1
        bytes -= less
        if less > largeAbove { largeBytes -= less }
    }
}
