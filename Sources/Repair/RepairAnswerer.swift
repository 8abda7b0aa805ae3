// What a member answers to one that repairs itself: from its files, off the core's loop, whether it
// serves or is damaged itself.

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

package struct RepairAnswerer<D: Disk> {
    private let disk: D
    private let directory: DataDirectory
    private let log: LogSurvey
    private let isEndKnown: Bool
    private let offers: [SnapshotOffer]
    private let begins: Zxid
    private let ends: Zxid

    /// A damaged member answers from what is left.
    package init(_ damaged: DamagedDirectory<D>) {
        disk = damaged.disk
        directory = damaged.directory
        log = damaged.log
        if case .known = damaged.damage.end { isEndKnown = true } else { isEndKnown = false }
        offers = damaged.damage.snapshots
        ends = damaged.damage.end.last
        begins = log.runs.first?.span.after ?? ends
    }

    /// A member that serves answers from its log as it is now, and from the snapshots of `origin`.
    package init(
        _ disk: D, _ directory: DataDirectory, base: LogBase, _ origin: SnapshotOrigin
    ) {
        self.disk = disk
        self.directory = directory
        var surveyor = LogSurveyor(disk, directory.log, base: base)
        log = surveyor.run()
        // It runs: what its log does not have, it has lost neither. But the files may have been damaged
        // since it started, and then nobody knows what they had.
        isEndKnown = log.faults.isEmpty
        let store = SnapshotStore(disk, directory: directory.snapshots)
        offers = ((try? store.list()) ?? []).compactMap { name in
            guard name.encoding == .lz4, let footer = try? store.reader.footer(of: name),
                footer.origin == origin
            else { return nil }
            return SnapshotOffer(
                start: name.zxid, end: footer.endZxid,
                sizeBytes: Int64(footer.compressedSize) + SnapshotFooter.sizeBytes)
        }
        ends = max(log.last, base.point.zxid)
        begins = log.runs.first?.span.after ?? ends
    }

    package func status(
        _ server: ServerID, _ state: RepairPeerState, isTrusted: Bool, accepted: Epoch,
        current: Epoch
    ) -> RepairStatus {
        RepairStatus(
            server: server, state: state, isTrusted: isTrusted, acceptedEpoch: accepted,
            currentEpoch: current, log: ZxidSpan(after: begins, through: max(begins, ends)),
            snapshots: Array(offers.prefix(RepairFormat.maximumSnapshots)))
    }

    package func txns(_ span: ZxidSpan) -> TxnsResponse {
        var response = TxnsResponse(
            span: span, txns: [], resume: span.through, isWhole: isWhole(span))
        var bytes = 0
        do {
            try log.forEachTxn(in: span, disk, directory.log) { zxid, previous, payload in
                guard bytes < RepairFormat.pieceBytes,
                    response.txns.count < RepairFormat.maximumTxns
                else {
                    response.resume = response.txns.last?.zxid ?? span.through
                    throw EnoughRead()
                }
                bytes += payload.count
                response.txns.append(
                    NamedTxn(zxid: zxid, previous: previous, payload: [UInt8](payload)))
            }
        } catch {
            // Purged or cut meanwhile, or unreadable: what was read is sound.
            response.isWhole = false
        }
        return response
    }

    /// Whether one unbroken run has all that there is of a span.
    private func isWhole(_ span: ZxidSpan) -> Bool {
        guard !log.isInconsistent else { return false }
        guard let last = log.runs.last else { return isEndKnown && ends <= span.after }
        if isEndKnown, ends == last.span.through, span.after >= ends { return true }
        return log.runs.contains { run in
            run.span.after <= span.after && run.span.through > span.after
                && (run.span.through >= span.through
                    || (isEndKnown && run == last && ends == run.span.through))
        }
    }

    /// - Returns: no bytes if there is no such snapshot.
    package func snapshot(_ zxid: Zxid, offset: Int64) -> [UInt8] {
        guard offers.contains(where: { $0.start == zxid }) else { return [] }
        let path = directory.snapshots + "/" + SnapshotName(zxid: zxid).fileName
        guard let file = try? disk.openForReading(path) else { return [] }
        defer { file.close() }
        return (try? file.readBytes(RepairFormat.pieceBytes, at: offset)) ?? []
    }
}
