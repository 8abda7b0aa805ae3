import DataTree
import Snapshot
import Storage
import TxnLog
import ZKWire

extension Recovery {
    /// Opens a directory that has its `meta`.
    func resume(
        _ meta: MetaStore<D>, _ lock: any DiskLock, _ report: inout LoadReport, begin: Duration,
        _ progress: (RecoveryProgress) -> Void
    ) throws(RecoveryError) -> RecoveredState<D> {
        let record = try checkOwner(meta)
        var store = snapshotStore
        report.removedTemporaries = try onSnapshots { () throws(SnapshotError) in
            try store.removeStaleTemporaries()
        }
        let log = try openLog(record, &report)
        do throws(RecoveryError) {
            let tree = try recoverTree(log, record, &store, &report, progress)
            report.totalDuration = configuration.now() - begin
            return RecoveredState(
                tree: tree, log: log, meta: meta, snapshots: store, lock: lock, report: report)
        } catch {
            try? log.close()
            throw error
        }
    }

    private func openLog(
        _ meta: MetaRecord, _ report: inout LoadReport
    ) throws(RecoveryError) -> TxnLog<D> {
        var settings = TxnLogConfiguration(
            ensembleID: meta.ensembleID, saltSeed: configuration.seed)
        settings.segmentSizeBytes = configuration.segmentSizeBytes
        settings.isCompressed = configuration.isLogCompressed
        settings.defects = configuration.defects
        do throws(TxnLogError) {
            let opened = try TxnLog.open(
                disk: disk, directory: directory.log, configuration: settings, base: meta.base)
            report.log = opened.report
            return opened.log
        } catch {
            throw .log(error.placed(in: directory.log))
        }
    }

    func recoverTree(
        _ log: TxnLog<D>, _ meta: MetaRecord, _ store: inout SnapshotStore<D>,
        _ report: inout LoadReport, _ progress: (RecoveryProgress) -> Void
    ) throws(RecoveryError) -> DataTree {
        let loadBegin = configuration.now()
        let candidate = try chooseSnapshot(
            SnapshotChooser(
                store: store, log: log, meta: meta, configuration: configuration,
                directory: directory.snapshots),
            &report, progress)
        if let candidate { store.noteVerified(candidate.description) }
        report.snapshot = candidate?.description.name
        let replayBegin = configuration.now()
        report.snapshotDuration = replayBegin - loadBegin
        let tree = candidate?.tree ?? DataTree(seed: configuration.seed)
        tree.defects = configuration.defects
        if configuration.keepsDigest, !tree.isDigestKept { tree.keepDigest() }
        try replay(log, into: tree, from: candidate?.description.footer, &report, progress)
        report.replayDuration = configuration.now() - replayBegin
        guard tree.unresolvedACLCount == 0 else {
            throw .unresolvedACLs(count: tree.unresolvedACLCount)
        }
        return tree
    }

    private func chooseSnapshot(
        _ chooser: SnapshotChooser<D>, _ report: inout LoadReport,
        _ progress: (RecoveryProgress) -> Void
    ) throws(RecoveryError) -> SnapshotChooser<D>.Choice? {
        if let choice = try chooser.choose(&report.skipped, progress) { return choice }
        if configuration.defects.contains(.zookeeper2325) { return nil }
        // S-20: the log alone will do if it begins at the beginning.
        guard chooser.log.startsAfter == .zero, chooser.meta.base.point.zxid == .zero else {
            throw .noUsableSnapshot(
                path: directory.snapshots, logBeginsAfter: chooser.log.startsAfter,
                skipped: report.skipped)
        }
        return nil
    }

    /// Applies the log after the snapshot, checked to be the history that the snapshot is of.
    private func replay(
        _ log: TxnLog<D>, into tree: DataTree, from footer: SnapshotFooter?,
        _ report: inout LoadReport, _ progress: (RecoveryProgress) -> Void
    ) throws(RecoveryError) {
        var start = tree.lastProcessedZxid
        if configuration.defects.contains(.zookeeper2325) { start = max(start, log.startsAfter) }
        var point: ChainPoint?
        if let footer, footer.chain != 0 {
            point = ChainPoint(zxid: start, checksum: footer.chain)
        }
        if let point, point.zxid == log.lastZxid, point != log.last {
            throw .log(.otherHistory(expected: point, found: log.last))
        }
        var replayer = Replayer(tree)
        var zxid = start
        do {
            try log.replay(after: start, through: point) { next, payload in
                zxid = next
                try replayer.apply(payload)
                if replayer.appliedCount & 0xFFFF == 0 {
                    progress(.replay(next, of: log.lastZxid))
                }
            }
        } catch let error as TxnLogError {
            throw .log(error.placed(in: directory.log))
        } catch let error as DecodeError {
            throw .undecodable(zxid: zxid, error)
        } catch {
            preconditionFailure("the replay threw \(error)")
        }
        report.replayedCount = replayer.appliedCount
        report.lastZxid = max(start, replayer.lastZxid)
    }

    func onSnapshots<T>(
        _ body: () throws(SnapshotError) -> T
    ) throws(RecoveryError) -> T {
        do throws(SnapshotError) {
            return try body()
        } catch {
            throw .snapshot(error)
        }
    }
}
