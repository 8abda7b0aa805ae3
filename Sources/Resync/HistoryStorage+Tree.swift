// Another tree on the same history: the log is right, and what was made of it is not (docs/zab.md,
// "Digests"). A leader's snapshot, which the log goes on from, takes the place of the own ones.
//
//  1. The leader's file is complete and synced before one of the own ones goes.
//  2. Neither the log nor `meta` changes, so that a crash at any call leaves a server that is worth
//     what it was.

import DataTree
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

extension HistoryStorage {
    /// What comes from now on are the bytes of a leader's snapshot of this history.
    /// - Throws: `badStream`, with nothing changed, if the log does not go on from it.
    package mutating func beginTree(zxid: Zxid) throws(SyncError) {
        guard zxid >= log.startsAfter, zxid <= log.lastZxid else {
            throw .badStream(
                """
                a snapshot as of \(zxid), for a log that begins after \(log.startsAfter) and ends with \
                \(log.lastZxid)
                """)
        }
        try begin(zxid, origin)
    }

    /// The snapshot has ended: makes it the one that starts go by, durably.
    /// - Returns: the tree that it and the log make.
    package mutating func finishTree() throws(SyncError) -> DataTree {
        let kept = SnapshotName(zxid: try finishStream().base.point.zxid)
        let all: [SnapshotName]
        do throws(SnapshotError) {
            all = try snapshots.list()
        } catch {
            throw .snapshot(error)
        }
        try snapshots.remove(all.filter { $0.encoding == .lz4 && $0 != kept })
        return try loadTree()
    }
}
