import DataTree
import Snapshot
import Storage
import TxnLog
import ZKWire

extension Recovery {
    /// Loads the tree once more, after the log was cut: what the open log and the snapshots have.
    package func rebuildTree(
        _ log: TxnLog<D>, _ meta: MetaStore<D>
    ) throws(RecoveryError) -> DataTree {
        var store = snapshotStore
        var report = LoadReport(start: .resume)
        return try recoverTree(log, try checkOwner(meta), &store, &report) { _ in }
    }

    /// Removes what a repair has replaced: a leader has given this server its history.
    package func removeReplaced() throws(RecoveryError) {
        try Exchange(disk, directory).removeAside()
    }

    /// A server that stopped while a leader's snapshot was being installed has nothing of its own:
    /// it begins with nothing, and asks for everything again (docs/zab.md, rule 9). The promise not
    /// to vote stays.
    ///
    /// The new generation is not the next one: the snapshot that was being installed is of that, and
    /// its file may be complete.
    func discardPartOfInstall(_ meta: inout MetaStore<D>) throws(RecoveryError) {
        guard var record = meta.record, record.isRecovering else { return }
        record.baseGeneration += 2
        record.baseZxid = 0
        record.baseChecksum = 0
        do throws(MetaError) {
            try meta.write(record)
        } catch {
            throw .meta(error)
        }
    }
}

extension RecoveredState {
    /// Whether there is neither history nor a promise here: a first start, or a lost disk.
    package var isBlank: Bool {
        guard let record = meta.record else { return true }
        return log.lastZxid == .zero && record.acceptedEpoch == 0 && record.currentEpoch == 0
    }
}
