// Purging decides by content: only snapshots that were read in full and found good count as kept.
// (Apache counts files, so that a few empty ones, left by a full disk, make it delete good ones.)
import Storage
import ZKWire

/// What a purge keeps and removes.
package struct SnapshotPurge: Equatable, Sendable {
    /// Verified, newest first.
    package var kept: [SnapshotName] = []
    /// Damaged or unreadable, newer than the oldest that is kept: left for whoever looks into it.
    package var damaged: [SnapshotName] = []
    package var removed: [SnapshotName] = []
    /// Log records up to and including this zxid are no longer needed by any kept snapshot. nil as
    /// long as there are fewer verified snapshots than are to be kept: then all of the log is.
    package var logFloor: Zxid?
}

extension SnapshotStore {
    /// Keeps the `count` newest verified snapshots and removes all that are older. When it returns
    /// the removal is durable and the log below `logFloor` may go.
    package mutating func purge(keeping count: Int) throws(SnapshotError) -> SnapshotPurge {
        precondition(count >= 1)
        var purge = try planPurge(keeping: count)
        guard purge.logFloor != nil else { return purge }
        let doomed = purge.removed
        try onDisk { () throws(DiskError) in
            // Oldest first: a crash in between leaves the newest.
            for name in doomed.reversed() { try disk.remove(directory + "/" + name.fileName) }
            if !doomed.isEmpty { try disk.syncDirectory(directory) }
        }
        for name in doomed { forget(name) }
        purge.removed = doomed
        return purge
    }

    /// Reads the newest snapshots until `count` good ones are found.
    private mutating func planPurge(keeping count: Int) throws(SnapshotError) -> SnapshotPurge {
        var purge = SnapshotPurge()
        for name in try list() {
            if purge.kept.count == count {
                purge.removed.append(name)
                continue
            }
            if (try? verify(name)) != nil {
                purge.kept.append(name)
            } else {
                purge.damaged.append(name)
            }
        }
        if purge.kept.count == count { purge.logFloor = purge.kept.last?.zxid }
        return purge
    }
}
