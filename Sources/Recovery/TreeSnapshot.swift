import DataTree
import Snapshot
import Storage
import ZKWire

extension SnapshotStore {
    /// Writes a snapshot of a tree that nobody changes meanwhile: after an import, at a shutdown.
    /// - Parameter chain: the checksum of the log's record at the tree's last zxid; 0 if unknown.
    package func write(
        _ tree: DataTree, origin: SnapshotOrigin, chain: UInt32
    ) throws(SnapshotError) -> SnapshotFooter {
        let zxid = tree.lastProcessedZxid
        var writer = try begin(startZxid: zxid, origin: origin)
        let slice = ByteWriter(capacity: 512 * 1024)
        let sessionCount = tree.sessions.count
        let walk = tree.beginWalk(into: slice)
        defer { walk.end() }
        var hasMore = true
        while hasMore {
            hasMore = walk.next(maximumBytes: 256 * 1024, into: slice)
            try writer.append(slice.view)
            slice.removeAll()
        }
        return try writer.finish(
            SnapshotEnd(
                endZxid: zxid, chain: chain, znodeCount: UInt64(walk.visitedCount),
                sessionCount: UInt64(sessionCount)))
    }
}
