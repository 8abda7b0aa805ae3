import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// A copy that was made and read back.
struct BackupCopy {
    let meta: MetaRecord
    /// Newest first.
    var snapshots: [SnapshotDescription] = []
    var segmentCount = 0
    /// The last record of the log.
    var end = ChainPoint.origin
    var entries: [BackupManifest.Entry] = []
    var notes: [String] = []
    /// Why the last snapshot that was left out was.
    var failure: MaintenanceError?

    /// What the log must reach back to.
    var start: Zxid { snapshots.last?.name.zxid ?? Zxid(rawValue: meta.baseZxid) }
}

extension Backup {
    func makeCopy(
        _ reader: DirectoryReader<D>, isLive: Bool
    ) throws(MaintenanceError) -> BackupCopy {
        var copy = BackupCopy(meta: try reader.meta())
        try copySnapshots(into: &copy)
        let mark = try endOfLog(copy.meta, isLive: isLive)
        copy.end = mark.point
        try copyLog(upTo: mark, into: &copy)
        try verify(copy)
        return copy
    }

    // MARK: snapshots

    private func copySnapshots(into copy: inout BackupCopy) throws(MaintenanceError) {
        let origin = SnapshotOrigin(
            ensembleID: copy.meta.ensembleID, generation: copy.meta.baseGeneration)
        let store = SnapshotStore(disk, directory: source.snapshots)
        let names = try onSnapshots { () throws(SnapshotError) in try store.list() }
        for name in names where name.encoding == .lz4 && copy.snapshots.count < maximumSnapshots {
            do throws(MaintenanceError) {
                try self.copy(name, origin, store, into: &copy)
            } catch {
                // An older one does as well, with more of the log; a full disk does not go away.
                guard error.exit != .storage else { throw error }
                copy.notes.append("left out \(name.fileName): \(error)")
                copy.failure = error
                let path = target.snapshots + "/" + name.fileName
                if disk.exists(path) {
                    try onDisk { () throws(DiskError) in try disk.remove(path) }
                }
            }
        }
        try onDisk { () throws(DiskError) in try disk.syncDirectory(target.snapshots) }
    }

    private func copy(
        _ name: SnapshotName, _ origin: SnapshotOrigin, _ store: SnapshotStore<D>,
        into copy: inout BackupCopy
    ) throws(MaintenanceError) {
        let footer = try onSnapshots { () throws(SnapshotError) in
            try store.reader.footer(of: name)
        }
        guard footer.origin == origin else {
            throw .badCopy(path: name.fileName, "it is of another history than meta's")
        }
        progress("copying \(name.fileName)")
        let sum = try onDisk { () throws(DiskError) in
            try disk.copyFile(
                source.snapshots + "/" + name.fileName, to: target.snapshots + "/" + name.fileName)
        }
        let description = try onSnapshots { () throws(SnapshotError) in
            try SnapshotReader(disk, directory: target.snapshots).verify(name)
        }
        copy.snapshots.append(description)
        copy.entries.append(
            BackupManifest.Entry(path: "zknode/snapshot/" + name.fileName, sum: sum))
    }

    // MARK: the log

    private func reader(_ directory: String) -> TxnLogReader<D> {
        TxnLogReader(
            disk: disk, directory: directory,
            configuration: TxnLogConfiguration(ensembleID: 0, saltSeed: 0))
    }

    /// Where the log's durable part ends: by the watermark if a server is at it, as a start would
    /// find it otherwise (after a power failure the watermark may lag behind).
    private func endOfLog(
        _ meta: MetaRecord, isLive: Bool
    ) throws(MaintenanceError) -> Watermark {
        let base = Watermark(generation: meta.baseGeneration, point: meta.base.point)
        guard disk.exists(source.log) else { return base }
        return try onLog(source.log) { () throws(TxnLogError) in
            if isLive, let mark = try reader(source.log).watermark(),
                mark.generation == meta.baseGeneration
            {
                return mark
            }
            let opened = try open(OverlayDisk(disk), source.log, meta)
            var mark = base
            mark.point = opened.last
            try opened.close()
            return mark
        }
    }

    private func open<Other: Disk>(
        _ disk: Other, _ directory: String, _ meta: MetaRecord
    ) throws(TxnLogError) -> TxnLog<Other> {
        try TxnLog.open(
            disk: disk, directory: directory,
            configuration: TxnLogConfiguration(ensembleID: meta.ensembleID, saltSeed: 0),
            base: meta.base
        ).log
    }

    private func copyLog(
        upTo mark: Watermark, into copy: inout BackupCopy
    ) throws(MaintenanceError) {
        var kept = Watermark(generation: mark.generation, point: mark.point)
        for segment in try chooseSegments(&copy) {
            progress("copying \(segment.name)")
            let from = reader(source.log)
            let end = try onLog(source.log) { () throws(TxnLogError) in
                try from.endOffset(of: segment, upTo: mark.point.zxid)
            }
            let sum = try onDisk { () throws(DiskError) in
                try disk.copyFile(
                    source.log + "/" + segment.name, to: target.log + "/" + segment.name,
                    count: Int64(end))
            }
            copy.entries.append(
                BackupManifest.Entry(path: "zknode/log/" + segment.name, sum: sum))
            copy.segmentCount += 1
            kept.segmentFirstZxid = segment.header.firstZxid
            kept.endOffset = end
        }
        let name = try onLog(target.log) { () throws(TxnLogError) in
            try reader(target.log).store(kept)
        }
        try onDisk { () throws(DiskError) in
            try disk.syncDirectory(target.log)
            copy.entries.append(
                BackupManifest.Entry(
                    path: "zknode/log/" + name, sum: try disk.sum(of: target.log + "/" + name)))
        }
    }

    /// The segments from the oldest copied snapshot on. One whose log was purged meanwhile is given
    /// up, as the server has.
    private func chooseSegments(
        _ copy: inout BackupCopy
    ) throws(MaintenanceError) -> [SegmentSummary] {
        guard disk.exists(source.log) else { return [] }
        let meta = copy.meta
        let segments = try onLog(source.log) { () throws(TxnLogError) in
            try reader(source.log).segments()
        }.filter { $0.header.generation == meta.baseGeneration }
        let startsAfter = segments.first?.header.previous.zxid ?? copy.end.zxid
        while let oldest = copy.snapshots.last, oldest.name.zxid < startsAfter,
            copy.snapshots.count > 1
        {
            try drop(oldest.name, from: &copy)
        }
        let start = copy.start
        guard startsAfter <= start else {
            // Without a snapshot that is good, what is wrong with them is what matters.
            throw copy.failure
                ?? .logBeginsLater(path: source.log, needed: start, first: startsAfter)
        }
        let end = copy.end.zxid
        // With the record at the start itself, where it is still there: it tells the time.
        let first = segments.lastIndex { $0.header.previous.zxid < start } ?? 0
        return segments.dropFirst(first).filter { $0.header.firstZxid <= end }
    }

    private func drop(
        _ name: SnapshotName, from copy: inout BackupCopy
    ) throws(MaintenanceError) {
        copy.snapshots.removeLast()
        copy.entries.removeAll { $0.path == "zknode/snapshot/" + name.fileName }
        copy.notes.append("left out \(name.fileName): the log does not reach back to it any more")
        try onDisk { () throws(DiskError) in
            try disk.remove(target.snapshots + "/" + name.fileName)
            try disk.syncDirectory(target.snapshots)
        }
    }

    // MARK: reading the copy back

    private func verify(_ copy: BackupCopy) throws(MaintenanceError) {
        progress("verifying")
        try verifyBackup(
            disk, target, meta: copy.meta, snapshots: copy.snapshots, end: copy.end.zxid)
    }
}

/// Reads a copied log with the code that a start runs: its end, its chain from the oldest snapshot
/// on, and the point of each snapshot on it.
func verifyBackup<D: Disk>(
    _ disk: D, _ directory: DataDirectory, meta: MetaRecord, snapshots: [SnapshotDescription],
    end: Zxid
) throws(MaintenanceError) {
    let start = snapshots.last?.name.zxid ?? Zxid(rawValue: meta.baseZxid)
    if let snapshot = snapshots.first(where: { $0.endZxid > end }) {
        throw .fuzzy(
            snapshot: snapshot.name.fileName, from: snapshot.name.zxid, lowest: snapshot.endZxid,
            reached: end)
    }
    let log = try onLog(directory.log) { () throws(TxnLogError) in
        try TxnLog.open(
            disk: OverlayDisk(disk), directory: directory.log,
            configuration: TxnLogConfiguration(ensembleID: meta.ensembleID, saltSeed: 0),
            base: meta.base
        ).log
    }
    guard log.lastZxid == end else {
        throw .logEndsEarlier(path: directory.log, wanted: end, last: log.lastZxid)
    }
    do {
        try log.replay(after: start) { _, _ in }
        for snapshot in snapshots {
            guard let footer = snapshot.footer, footer.chain != 0 else { continue }
            let point = ChainPoint(zxid: footer.startZxid, checksum: footer.chain)
            if point == log.last { continue }
            try log.reader.replay(after: point.zxid, upTo: point.zxid, through: point) { _, _ in }
        }
        try log.close()
    } catch let error as TxnLogError {
        throw .log(directory: directory.log, error)
    } catch {
        preconditionFailure("the replay threw \(error)")
    }
}
