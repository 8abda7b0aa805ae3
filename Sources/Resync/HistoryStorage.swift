// What the protocol wants to be durable besides transactions: promises, cuts, and another server's
// state in the place of the own one. On the log's thread, in the order in which it was decided.
//
// Any failure is the process's end, but for a leader's stream that is none: what is on the medium is
// unknown then (rule D9).

import DataTree
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// The history of one server on its disk. One thread at a time.
package struct HistoryStorage<D: Disk>: ~Copyable {
    package let log: TxnLog<D>
    package private(set) var meta: MetaStore<D>
    let snapshots: SnapshotStore<D>
    private let recovery: Recovery<D>
    /// Of the hashes of a tree that is loaded.
    private let seed: UInt64
    private let keepsDigest: Bool
    /// Returns when no snapshot of the present tree is being written any more.
    private let quiesce: () -> Void
    /// A leader's snapshot on its way in.
    private var install: SnapshotInstall<D>?
    /// With ZOOKEEPER-3642 only: one that has come, and is not on the disk.
    private var unwritten: InstalledSnapshot?

    package init(
        _ state: RecoveredState<D>, _ recovery: Recovery<D>, seed: UInt64,
        quiesce: @escaping () -> Void
    ) {
        log = state.log
        meta = state.meta
        snapshots = state.snapshots
        self.recovery = recovery
        self.seed = seed
        keepsDigest = state.tree.isDigestKept
        self.quiesce = quiesce
    }

    /// Where the log ends.
    package var end: ChainPoint { unwritten?.base.point ?? log.last }

    /// What snapshots of the present history say they belong to.
    package var origin: SnapshotOrigin { SnapshotOrigin(record) }

    private var record: MetaRecord {
        guard let record = meta.record else { preconditionFailure("a start has its meta") }
        return record
    }

    /// Everything up to `zxid` is in snapshots that are kept.
    /// - Returns: what removes the segments that only had such: on any thread, one after the other.
    package func release(upTo zxid: Zxid) throws(SyncError) -> SegmentPurge<D> {
        do throws(TxnLogError) {
            return try log.releaseSegments(before: zxid.next)
        } catch {
            throw .log(error)
        }
    }

    package mutating func write(_ epochs: Epochs) throws(SyncError) {
        var record = record
        let isSynchronized = record.isRecovering && !epochs.isRecovering
        record.acceptedEpoch = epochs.accepted.rawValue
        record.currentEpoch = epochs.current.rawValue
        record.isRecovering = epochs.isRecovering
        do throws(MetaError) {
            try meta.write(record)
        } catch {
            throw .meta(error)
        }
        // What cannot be removed now is removed at the next start.
        if isSynchronized { try? recovery.removeReplaced() }
    }

    /// Durable when it returns: the history ends with `zxid`.
    /// - Returns: the state that the disk leads to, if it was asked for.
    package func truncate(to zxid: Zxid, rebuilds: Bool) throws(SyncError) -> DataTree? {
        quiesce()
        do throws(SyncError) {
            try Truncation(log: log, store: snapshots, origin: origin).run(to: zxid)
        } catch {
            guard recovery.configuration.defects.contains(.zookeeper3701) else { throw error }
        }
        return rebuilds ? try loadTree() : nil
    }

    /// What the snapshots and the log lead to.
    func loadTree() throws(SyncError) -> DataTree {
        do throws(RecoveryError) {
            return try recovery.rebuildTree(log, meta)
        } catch {
            throw .recovery(error)
        }
    }

    // MARK: A leader's snapshot

    /// What comes from now on are the bytes of a leader's snapshot.
    /// - Parameter zxid: what the SNAP packet says.
    package mutating func beginInstall(zxid: Zxid) throws(SyncError) {
        let next = SnapshotOrigin(ensembleID: origin.ensembleID, generation: origin.generation + 1)
        try begin(zxid, next)
    }

    mutating func begin(_ zxid: Zxid, _ origin: SnapshotOrigin) throws(SyncError) {
        quiesce()
        install = try SnapshotInstall(
            snapshots, zxid: zxid, origin: origin, seed: seed, keepsDigest: keepsDigest)
    }

    /// Takes the next bytes.
    /// - Returns: how many at the end are not the snapshot's, once it has ended.
    /// - Throws: `badStream`, with nothing changed, if the leader is to blame.
    package mutating func takeInstall(_ piece: [UInt8]) throws(SyncError) -> Int? {
        guard var install = install.take() else {
            preconditionFailure("bytes of a snapshot that was not begun")
        }
        let rest: Int?
        do throws(SyncError) {
            rest = try piece.withByteView { (bytes) throws(SyncError) in
                var input = bytes
                return try install.consume(&input) ? input.count : nil
            }
        } catch {
            install.abandon()
            throw error
        }
        self.install = consume install
        return rest
    }

    /// The snapshot has ended: makes it this server's history, durably.
    /// - Throws: `badStream`, with nothing changed, if the leader is to blame.
    package mutating func finishInstall() throws(SyncError) -> DataTree {
        let installed = try finishStream()
        if recovery.configuration.defects.contains(.zookeeper3642) {
            unwritten = installed
        } else {
            try installed.switchOver(meta: &meta, log: log)
        }
        return installed.tree
    }

    mutating func finishStream() throws(SyncError) -> InstalledSnapshot {
        guard let install = install.take() else {
            preconditionFailure("the end of a snapshot that was not begun")
        }
        return try install.finish()
    }

    package var hasUnwritten: Bool { unwritten != nil }

    /// Writes what should have been written, and what came after it; nil: forgets it.
    package mutating func endUnwritten(_ batches: [TxnBatch]?) throws(SyncError) {
        guard let installed = unwritten.take(), let batches else { return }
        try installed.switchOver(meta: &meta, log: log)
        guard !batches.isEmpty else { return }
        do throws(TxnLogError) {
            _ = try log.append(batches)
        } catch {
            throw .log(error)
        }
    }

    /// The stream broke off: nothing has changed.
    package mutating func abandonInstall() { if let install = install.take() { install.abandon() } }
}
