// A machine: the ways in which processes begin and end on it.

import DataTree
import Recovery
import Resync
import ServerCore
import Snapshot
import Storage
import ZKWire
import Zab

final class Machine {
    let hardware: Hardware
    private let run: Run
    private let ghost: Ghost
    private let network: Network
    private(set) var process: ServerProcess?
    private(set) var startCount = 0
    /// The process has ended, or could not start because of its disk.
    var onEnd: (_ couldStart: Bool) -> Void = { _ in }

    init(_ hardware: Hardware, _ ghost: Ghost, _ network: Network) {
        self.hardware = hardware
        run = hardware.run
        self.ghost = ghost
        self.network = network
    }

    var id: ServerID { hardware.id }
    var host: Host { hardware.host }

    // MARK: Beginning

    func boot() {
        precondition(process == nil, "server \(id) runs already")
        startCount += 1
        // A start that is ended by a loss of power, and the next one perhaps as well.
        while !run.areFaultsOver, hardware.chance.percent(15) { startInVain() }
        let seed = hardware.chance.next()
        let recovery = recovery(seed)
        let state: RecoveredState<SimulatedDisk>
        do throws(RecoveryError) {
            state = try recovery.load()
        } catch {
            guard hardware.isDiskInTrouble else {
                return run.fail("S-01", "server \(id) cannot start: \(error)")
            }
            run.note(host, "cannot start: \(error)")
            hardware.disk = hardware.disk.afterKill()
            return onEnd(false)
        }
        ghost.recovered(state, id)
        if run.options.defects.contains(.zookeeper1653), !isEpochWhole(state) { return }
        let durable = state.durable()
        run.note(
            host, "starts: \(durable.lastZxid) epochs \(durable.epochs) blank \(durable.isBlank)")
        let core = ServerCore(
            configuration: run.options.core(for: id, seed: seed), zab: run.options.zab(for: id),
            durable: durable, tree: state.tree, now: hardware.now)
        begin(core, RecoveredMachine(state: state, recovery: recovery, seed: seed))
    }

    private func begin(_ core: ServerCore, _ storage: RecoveredMachine) {
        let life = Life(hardware, ghost, network, core, number: startCount)
        life.storageFailed = { [unowned self] in storageFailed($0) }
        let process = ServerProcess(life, storage) { [unowned self] in crash() }
        self.process = process
        run.record(
            "boot", host.number, Int(truncatingIfNeeded: core.lastProcessedZxid.rawValue))
        process.start()
    }

    /// ZOOKEEPER-1653, of the shell's start: it compares what a crash may leave different.
    private func isEpochWhole(_ state: RecoveredState<SimulatedDisk>) -> Bool {
        let current = state.durable().epochs.current
        let last = state.log.lastZxid
        guard last.epoch > current else { return true }
        run.fail(
            "S-01", "server \(id) cannot start: its log ends at \(last), its epoch is \(current)")
        return false
    }

    private func recovery(
        _ seed: UInt64, of disk: SimulatedDisk? = nil
    ) -> Recovery<SimulatedDisk> {
        Recovery(
            disk ?? hardware.disk, Hardware.directory,
            run.options.recovery(for: id, ensembleID: hardware.chance.next() | 1, seed: seed))
    }

    /// A start that does not come to its end: the power fails before.
    private func startInVain() {
        run.figures.vainStarts += 1
        hardware.disk.cutPower(at: 1 + hardware.chance.below(80))
        _ = try? recovery(hardware.chance.next()).load()
        hardware.disk = hardware.disk.crash(seed: hardware.chance.next())
    }

    /// What a start would load now, after a death of the process or a loss of power.
    func wouldLoad(afterPowerLoss isPowerLost: Bool) throws(RecoveryError) -> DataTree {
        let disk = hardware.disk
        let left = isPowerLost ? disk.crash(seed: hardware.chance.next()) : disk.afterKill()
        return try recovery(hardware.chance.next(), of: left).load().tree
    }

    // MARK: Ending

    /// The process dies, or the power fails: what was not synced is lost or torn.
    func crash() {
        guard let process else { return }
        let isPowerFailure = hardware.chance.percent(60)
        run.figures.crashes += 1
        run.note(host, isPowerFailure ? "loses its power" : "is killed")
        stop(process)
        process.interrupt()
        let disk = hardware.disk
        hardware.disk =
            isPowerFailure ? disk.crash(seed: hardware.chance.next()) : disk.afterKill()
        process.end()
    }

    private func stop(_ process: ServerProcess) {
        ghost.died(id)
        process.die()
        self.process = nil
        run.record("end", host.number)
        network.lose(host)
        onEnd(true)
    }

    /// The engine has met with a failure of the disk, on which a process ends.
    private func storageFailed(_ reason: String) {
        guard let process else { return }
        guard hardware.isDiskInTrouble else {
            return run.fail("S-02", "server \(id): storage failed: \(reason)")
        }
        run.figures.storageFailures += 1
        run.note(host, "ends: \(reason)")
        stop(process)
        hardware.disk = hardware.disk.afterKill()
        process.end()
    }

    /// The newest snapshot, or all, are empty files from now on. Another snapshot of the same history
    /// will do, and so will a log that begins at the beginning; otherwise a start has to refuse
    /// (S-21), and the disk is exchanged.
    /// - Returns: whether it was.
    func loseSnapshots(all: Bool) -> Bool {
        // Whether it can start at all is another check's affair.
        let copy = hardware.disk.afterKill()
        guard let state = try? recovery(hardware.chance.next(), of: copy).load(),
            let names = try? state.snapshots.list()
        else { return false }
        let lost = names.prefix(all ? names.count : 1)
        let isStartable =
            state.log.startsAfter == .zero
            || names.dropFirst(lost.count).contains {
                (try? state.snapshots.reader.footer(of: $0))?.origin == state.snapshotOrigin
            }
        run.note(host, "loses \(lost.map(\.fileName)); has to start: \(isStartable)")
        for name in lost {
            hardware.disk.place([], at: Hardware.directory.snapshots + "/" + name.fileName)
        }
        guard !isStartable else { return false }
        do throws(RecoveryError) {
            _ = try recovery(hardware.chance.next(), of: hardware.disk.afterKill()).load()
            return false
        } catch {
            run.note(host, "is refused: \(error)")
            wipe()
            return true
        }
    }

    /// Its process is gone, and so is everything that it had.
    func wipe() {
        run.note(host, "has an empty disk")
        if let process {
            stop(process)
            process.end()
        }
        hardware.disk = SimulatedDisk()
        ghost.wiped(id)
    }

    /// The run is over.
    func end() {
        onEnd = { _ in }
        guard let process else { return }
        process.die()
        process.end()
        self.process = nil
    }
}
