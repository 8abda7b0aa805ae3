// Taking over a directory of Apache's. Its files are read and stay as they are. Whatever moment a
// crash comes at, the next start finds no `meta` and begins again, or finds all of it:
//
// 1. Apache's newest usable snapshot and its log make a tree.
// 2. The tree becomes our first snapshot, synced and named.
// 3. `meta` is written last, with a log that stands on that snapshot: generation 1.
import Snapshot
import Storage
import TxnLog
import ZKWire

extension Recovery {
    func importApache(
        _ meta: inout MetaStore<D>, _ progress: (RecoveryProgress) -> Void
    ) throws(RecoveryError) -> ImportReport {
        let state = try apache.load(seed: configuration.seed, progress: progress)
        let zxid = state.tree.lastProcessedZxid
        let store = snapshotStore
        // Remnants of an import that was cut short: they have this directory's names and a random
        // id that no `meta` knows.
        try removeRemnants(store)
        let base = LogBase(generation: 1, point: ChainPoint(zxid: zxid, checksum: 0))
        let origin = SnapshotOrigin(
            ensembleID: configuration.newEnsembleID, generation: base.generation)
        _ = try onSnapshots { () throws(SnapshotError) in
            try store.write(state.tree, origin: origin, chain: 0)
        }
        try createMeta(
            &meta, base: base, acceptedEpoch: state.acceptedEpoch, currentEpoch: state.currentEpoch)
        return ImportReport(
            snapshot: state.snapshot, replayedCount: state.replayedCount, lastZxid: zxid,
            tornTail: state.tornTail, skipped: state.skipped)
    }

    private func removeRemnants(_ store: SnapshotStore<D>) throws(RecoveryError) {
        let names = try onSnapshots { () throws(SnapshotError) in
            _ = try store.removeStaleTemporaries()
            return try store.list()
        }
        try onDisk { () throws(DiskError) in
            for name in names { try disk.remove(directory.snapshots + "/" + name.fileName) }
            if !names.isEmpty { try disk.syncDirectory(directory.snapshots) }
        }
    }
}
