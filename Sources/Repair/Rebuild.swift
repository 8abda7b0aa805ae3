// Puts a whole history together beside the damaged one, and exchanges the two.
//
//  1. The new log is a log like any other, of the next generation: written by `TxnLog`, synced.
//  2. The snapshot that it stands on is a copy whose footer says that it belongs to it.
//  3. Nothing of the old files is touched before both are complete (`Exchange`).

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

struct Rebuild<D: Disk> {
    let damaged: DamagedDirectory<D>
    let spool: Spool<D>
    /// Of the new log's salts.
    let seed: UInt64
    let segmentSizeBytes: Int
    let isCompressed: Bool

    /// What goes into the log with one write and one sync.
    private static var batchBytes: Int { 4 << 20 }

    private var directory: DataDirectory { damaged.directory }
    private var disk: D { damaged.disk }

    /// - Parameter meta: is rewritten; the caller holds the directory's lock.
    func run(_ plan: RepairPlan, _ meta: inout MetaStore<D>) throws {
        guard var record = meta.record else { preconditionFailure("put together without meta") }
        let generation = max(record.baseGeneration, damaged.log.generation) + 1
        let base = LogBase(
            generation: generation, point: ChainPoint(zxid: plan.base.start, checksum: 0))
        try placeSnapshot(
            plan.base, SnapshotOrigin(ensembleID: record.ensembleID, generation: generation))
        try writeLog(plan, base, ensembleID: record.ensembleID)
        record.baseGeneration = generation
        record.baseZxid = base.point.zxid.rawValue
        record.baseChecksum = 0
        try Exchange(disk, directory).run(record, meta: &meta)
    }

    private func placeSnapshot(_ base: RepairBase, _ origin: SnapshotOrigin) throws {
        let rebuilt = directory.rebuiltSnapshots
        switch base {
        case .nothing: try makeDirectory(rebuilt)
        case .own(let offer):
            try makeDirectory(rebuilt)
            let name = SnapshotName(zxid: offer.start).fileName
            try copy(directory.snapshots + "/" + name, to: rebuilt + "/" + name)
            try SnapshotStore(disk, directory: rebuilt).adopt(SnapshotName(zxid: offer.start), origin)
        case .fetched(let offer):
            try SnapshotStore(disk, directory: rebuilt).adopt(SnapshotName(zxid: offer.start), origin)
        }
    }

    private func makeDirectory(_ path: String) throws {
        if !disk.exists(path) { try disk.createDirectory(path) }
        for name in try disk.list(path) { try disk.remove(path + "/" + name) }
        try disk.syncDirectory(DataDirectory.parent(of: path))
    }

    private func copy(_ source: String, to target: String) throws {
        let old = try disk.openForReading(source)
        defer { old.close() }
        let new = try disk.create(target)
        defer { new.close() }
        var offset: Int64 = 0
        let size = try old.sizeBytes()
        while offset < size {
            let bytes = try old.readExactly(Int(min(1 << 20, size - offset)), at: offset)
            try new.write(bytes, at: offset)
            offset += Int64(bytes.count)
        }
        try new.sync()
        try disk.syncDirectory(DataDirectory.parent(of: target))
    }

    // MARK: the log

    private func writeLog(_ plan: RepairPlan, _ base: LogBase, ensembleID: UInt64) throws {
        try makeDirectory(directory.rebuiltLog)
        var settings = TxnLogConfiguration(ensembleID: ensembleID, saltSeed: seed)
        settings.segmentSizeBytes = segmentSizeBytes
        settings.isCompressed = isCompressed
        let log = try TxnLog.open(
            disk: disk, directory: directory.rebuiltLog, configuration: settings, base: base
        ).log
        do {
            var batch = TxnBatch()
            func add(_ zxid: Zxid, _ payload: ByteView) throws {
                batch.append(zxid: zxid, payload: payload)
                if batch.sizeBytes >= Rebuild.batchBytes { try flush() }
            }
            func flush() throws {
                guard !batch.isEmpty else { return }
                batch.freeze()
                _ = try log.append([batch])
                batch = TxnBatch()
            }
            for part in plan.parts { try read(part, add) }
            try flush()
            precondition(log.lastZxid == plan.end, "put together up to \(log.lastZxid), not \(plan.end)")
            try log.close()
        } catch {
            try? log.close()
            throw error
        }
    }

    private func read(
        _ part: RepairPlan.Part, _ body: (Zxid, ByteView) throws -> Void
    ) throws {
        switch part {
        case .own(let span):
            try damaged.log.forEachTxn(in: span, disk, directory.log) { zxid, _, payload in
                try body(zxid, payload)
            }
        case .fetched(let zxids):
            for zxid in zxids {
                try spool.payload(of: zxid).withByteView { try body(zxid, $0) }
            }
        }
    }
}
