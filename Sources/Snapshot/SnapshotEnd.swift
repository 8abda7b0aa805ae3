import ZKWire

/// What is known of a snapshot only when the walk of the tree has ended.
package struct SnapshotEnd: Equatable, Sendable {
    /// The last transaction whose effect may be in the content. The log must be durable up to it
    /// before the snapshot is finished: a start takes a log that ends earlier for one that has lost
    /// acknowledged transactions, and refuses it.
    package var endZxid: Zxid
    /// The checksum of the log's record at the start zxid; 0 if not known.
    package var chain: UInt32
    package var znodeCount: UInt64
    package var sessionCount: UInt64

    package init(endZxid: Zxid, chain: UInt32, znodeCount: UInt64, sessionCount: UInt64) {
        self.endZxid = endZxid
        self.chain = chain
        self.znodeCount = znodeCount
        self.sessionCount = sessionCount
    }
}
