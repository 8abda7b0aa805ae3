// Where a run begins that does not begin with nothing (N-17): everybody has had a snapshot installed
// as of the same transaction, and is in its epoch.

import DataTree
import Recovery
import Resync
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

struct Beginning {
    private let run: Run
    private let ghost: Ghost
    private let zxid: Zxid

    init(_ run: Run, _ ghost: Ghost) {
        self.run = run
        self.ghost = ghost
        zxid = run.options.start
    }

    private var epochs: Epochs { Epochs(accepted: zxid.epoch, current: zxid.epoch) }

    func lay(on machines: [Hardware]) {
        ghost.begin(at: zxid, epochs)
        if zxid.counter > .max / 2 {
            run.figures.lateCounters += 1
        } else {
            run.figures.lateEpochs += 1
        }
        do {
            let snapshot = try wireSnapshot()
            for machine in machines { try lay(snapshot, on: machine) }
        } catch {
            run.fail("S-01", "no beginning: \(error)")
        }
    }

    /// An empty tree as of the zxid, as a leader would send it.
    private func wireSnapshot() throws -> [UInt8] {
        let tree = DataTree()
        var nobody = NoObserver()
        tree.apply(
            TxnHeader(session: .none, cxid: 0, zxid: zxid, time: 0, type: OpCode.error.rawValue),
            .error(code: 0), observer: &nobody)
        let state = try Recovery(
            SimulatedDisk(), DataDirectory("/data"),
            RecoveryConfiguration(serverID: ServerID(rawValue: 1), newEnsembleID: 1, seed: 1)
        ).load()
        _ = try state.snapshots.write(tree, origin: state.snapshotOrigin, chain: 0)
        var bytes: [UInt8] = []
        try state.snapshots.reader.streamWireForm(SnapshotName(zxid: zxid)) { bytes += $0 }
        let signature = ByteWriter()
        signature.writeSnapSignature()
        return bytes + signature.bytes
    }

    private func lay(_ snapshot: [UInt8], on machine: Hardware) throws {
        let recovery = Recovery(
            machine.disk, DataDirectory("/data"),
            run.options.recovery(for: machine.id, ensembleID: 1, seed: 1))
        let state = try recovery.load()
        var storage = HistoryStorage(state, recovery, seed: 1, quiesce: {})
        var promise = epochs
        promise.isRecovering = true
        try storage.write(promise)
        try storage.beginInstall(zxid: zxid)
        _ = try storage.takeInstall(snapshot)
        _ = try storage.finishInstall()
        try storage.write(epochs)
        try state.log.close()
        state.lock.release()
        machine.disk = machine.disk.afterKill()
    }
}
