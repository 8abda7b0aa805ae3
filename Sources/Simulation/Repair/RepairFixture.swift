import DataTree
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// Directories with a known history, for repairs.
package enum RepairFixture {
    /// The transaction that has this zxid, wherever it is made.
    package static func payload(_ zxid: Zxid) -> [UInt8] {
        let writer = ByteWriter()
        writer.writeTxnHeader(
            TxnHeader(
                session: SessionID(rawValue: zxid.rawValue &+ 0x100), cxid: 1, zxid: zxid,
                time: 1_700_000_000_000, type: OpCode.createSession.rawValue))
        writer.writeCreateSessionTxn(timeoutMilliseconds: 10_000)
        return writer.bytes
    }

    package static func zxid(_ counter: UInt32, epoch: UInt32 = 1) -> Zxid {
        Zxid(epoch: Epoch(rawValue: epoch), counter: counter)
    }

    /// A directory whose log has these transactions, each written by itself.
    ///
    /// - Parameters:
    ///   - segment: a segment is begun after so many; 0 for one only.
    ///   - snapshots: snapshots after these transactions.
    package static func disk(
        _ id: ServerID, _ zxids: [Zxid], epoch: UInt32 = 1, segment: Int = 0,
        snapshots: Set<Zxid> = [], purges: Zxid? = nil
    ) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        let ensemble = RepairEnsemble([id: disk])
        var state = try Recovery(disk, RepairEnsemble.directory, ensemble.configuration(id)).load()
        defer { state.lock.release() }
        var meta = state.meta
        guard var record = meta.record else { return disk }
        record.acceptedEpoch = epoch
        record.currentEpoch = epoch
        try meta.write(record)
        var observer = NoTreeObserver()
        for (index, zxid) in zxids.enumerated() {
            if segment > 0, index > 0, index % segment == 0 { state.log.roll() }
            let batch = TxnBatch(capacity: 64)
            payload(zxid).withByteView { batch.append(zxid: zxid, payload: $0) }
            batch.freeze()
            _ = try state.log.append([batch])
            try observer.apply(payload(zxid), to: &state)
            if snapshots.contains(zxid) {
                _ = try state.snapshots.write(
                    state.tree, origin: SnapshotStoreOrigin.of(record),
                    chain: state.log.chainChecksum)
            }
        }
        if let purges { _ = try state.log.purge(before: purges) }
        try state.log.close()
        return disk
    }

    /// Where each record lies in a log of plain records, as file, offset and length.
    package static func records(
        _ disk: SimulatedDisk
    ) throws -> [Zxid: (file: String, offset: Int, count: Int)] {
        var found: [Zxid: (file: String, offset: Int, count: Int)] = [:]
        let log = RepairEnsemble.directory.log
        for name in try disk.list(log) where LogFileNames.firstZxid(of: name) != nil {
            let path = log + "/" + name
            guard let inspector = try SegmentInspector.open(disk, path).inspector else { continue }
            while case .record(let record) = try inspector.next() {
                found[record.point.zxid] = (path, record.offset, inspector.offset - record.offset)
            }
        }
        return found
    }

    /// All of a log, in order; what cannot be read ends it.
    package static func history(_ disk: SimulatedDisk) -> [Zxid: [UInt8]] {
        var found: [Zxid: [UInt8]] = [:]
        let reader = TxnLogReader(
            disk: disk, directory: RepairEnsemble.directory.log,
            configuration: TxnLogConfiguration(ensembleID: 0, saltSeed: 0))
        guard let segments = try? reader.segments(), let first = segments.first else { return [:] }
        _ = try? reader.replay(
            after: first.header.previous.zxid, upTo: Zxid(rawValue: .max)
        ) { found[$0] = [UInt8]($1) }
        return found
    }
}

/// Applies transactions that nobody watches.
private struct NoTreeObserver {
    mutating func apply(
        _ payload: [UInt8], to state: inout RecoveredState<SimulatedDisk>
    ) throws {
        let tree = state.tree
        try payload.withByteView { bytes in
            var reader = JuteReader(bytes)
            let header = try reader.readTxnHeader()
            var observer = NoObserver()
            tree.apply(header, try reader.readTxn(type: header.type), observer: &observer)
        }
    }
}
