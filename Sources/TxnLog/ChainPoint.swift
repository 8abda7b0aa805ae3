import ZKWire

/// A place in the history: a record's zxid and its checksum. Since every record's checksum covers
/// its predecessor's, equal points mean equal histories behind them (in one server's log; the
/// checksum depends on where the record lies, so points of two servers are not compared).
package struct ChainPoint: Equatable, Sendable {
    package var zxid: Zxid
    package var checksum: UInt32

    package init(zxid: Zxid, checksum: UInt32) {
        self.zxid = zxid
        self.checksum = checksum
    }

    /// Before the first transaction.
    package static let origin = ChainPoint(zxid: .zero, checksum: 0)
}

/// What a log stands on: the point that its first record continues from. It is kept in `meta` and
/// changes when a snapshot is installed from outside (SNAP, import, restore).
package struct LogBase: Equatable, Sendable {
    /// Counts the installs. Segments of an earlier generation are remnants of the history that the
    /// install replaced, and are deleted at the next start.
    package var generation: UInt32
    package var point: ChainPoint

    package init(generation: UInt32, point: ChainPoint) {
        self.generation = generation
        self.point = point
    }

    /// A server that never had a snapshot installed.
    package static let origin = LogBase(generation: 0, point: .origin)
}
