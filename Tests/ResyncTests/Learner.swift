import DataTree
import Recovery
import Resync
import Snapshot
import Storage
import TxnLog
import ZKWire

/// What a learner does with the packets of a synchronization, on a data directory of its own.
struct Learner {
    var state: RecoveredState<SimulatedDisk>
    private(set) var tree: DataTree
    /// The kinds of packets that came, runs of the same one counted once.
    private(set) var kinds: [QuorumPacketType] = []
    private var decoder = QuorumPacketDecoder()
    private var installed: InstalledSnapshot?
    private var meta: MetaStore<SimulatedDisk>
    let disk: SimulatedDisk

    init(_ disk: SimulatedDisk) throws {
        self.disk = disk
        state = try Start.load(disk)
        tree = state.tree
        meta = state.meta
    }

    var lastZxid: Zxid { state.log.lastZxid }

    private var origin: SnapshotOrigin {
        SnapshotOrigin(
            ensembleID: meta.record?.ensembleID ?? 0, generation: meta.record?.baseGeneration ?? 0)
    }

    /// Takes everything that a leader sent, in pieces of `pieceBytes`.
    mutating func take(_ stream: [UInt8], pieceBytes: Int) throws {
        var install: Install?
        var offset = 0
        while offset < stream.count {
            let end = min(offset + pieceBytes, stream.count)
            try [UInt8](stream[offset..<end]).withUnsafeBytes { bytes in
                var input = ByteView(bytes)
                if install != nil { try feed(&install, &input) }
                while install == nil, let packet = try decoder.next(&input) {
                    if try handle(packet) {
                        install = Install(
                            try SnapshotInstall(
                                state.snapshots, zxid: packet.zxid,
                                origin: SnapshotOrigin(
                                    ensembleID: origin.ensembleID,
                                    generation: origin.generation + 1),
                                seed: 3))
                        try feed(&install, &input)
                    }
                }
            }
            offset = end
        }
    }

    /// - Returns: whether a snapshot follows.
    private mutating func handle(_ packet: QuorumPacket) throws -> Bool {
        let kind = packet.type ?? .ping
        if kinds.last != kind { kinds.append(kind) }
        switch kind {
        case .trunc:
            try Truncation(log: state.log, store: state.snapshots, origin: origin)
                .run(to: packet.zxid)
            tree = try Recovery(disk, Start.directory, Start.configuration())
                .rebuildTree(state.log, meta)
        case .proposal:
            let batch = TxnBatch()
            batch.append(zxid: packet.zxid, payload: packet.data ?? ByteView(start: nil, count: 0))
            batch.freeze()
            _ = try state.log.append([batch])
            let payload = try ProposalPayload(batch.payload(batch.entries[0]))
            var nobody = NoObserver()
            tree.apply(payload.header, payload.txn, observer: &nobody)
        case .snap: return true
        default: break
        }
        return false
    }

    private mutating func feed(_ install: inout Install?, _ input: inout ByteView) throws {
        guard let box = install, try box.consume(&input) else { return }
        var record = meta.record ?? MetaRecord(ensembleID: 0, serverID: 0)
        record.isRecovering = true
        try meta.write(record)
        let snapshot = try box.finish()
        try snapshot.switchOver(meta: &meta, log: state.log)
        tree = snapshot.tree
        install = nil
    }

    /// What the leader's NEWLEADER leads to.
    mutating func becomeSynced(epoch: UInt32) throws {
        guard var record = meta.record else { return }
        record.acceptedEpoch = epoch
        record.currentEpoch = epoch
        record.isRecovering = false
        try meta.write(record)
    }

    func stop() throws {
        try state.log.close()
        state.lock.release()
    }
}

/// Holds what cannot be copied.
private final class Install {
    private var install: SnapshotInstall<SimulatedDisk>?

    init(_ install: consuming SnapshotInstall<SimulatedDisk>) { self.install = consume install }

    func consume(_ input: inout ByteView) throws -> Bool {
        try install?.consume(&input) ?? false
    }

    func finish() throws -> InstalledSnapshot {
        guard let taken = install.take() else { preconditionFailure("finished twice") }
        return try taken.finish()
    }
}
