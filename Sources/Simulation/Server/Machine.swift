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
    let run: Run
    let ghost: Ghost
    let network: Network
    private(set) var process: ServerProcess?
    /// Its process repairs the directory, and is no server yet.
    var repair: RepairTwin?
    private(set) var startCount = 0
    /// What a start's repairs may have to mend, one after the other (`RecoveredStorage`).
    private static let maximumRepairs = 3
    private var repairsLeft = 0
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
    var isRunning: Bool { process != nil || repair != nil }

    // MARK: Beginning

    func boot() {
        precondition(!isRunning, "server \(id) runs already")
        startCount += 1
        // A start that is ended by a loss of power, and the next one perhaps as well.
        while !run.areFaultsOver, hardware.chance.percent(15) { startInVain() }
        repairsLeft = Machine.maximumRepairs
        load()
    }

    func load() {
        let seed = hardware.chance.next()
        let recovery = recovery(seed)
        let state: RecoveredState<SimulatedDisk>
        do throws(RecoveryError) {
            state = try recovery.load()
        } catch {
            return refused(error)
        }
        guard !hardware.disk.isPowerCut else { return losePower() }
        hardware.disk.cutPower(at: .max / 2)
        ghost.recovered(state, id, isDamaged: hardware.isDamaged)
        if run.options.defects.contains(.zookeeper1653), !isEpochWhole(state) { return }
        let durable = state.durable()
        run.note(
            host, "starts: \(durable.lastZxid) epochs \(durable.epochs) blank \(durable.isBlank)")
        let core = ServerCore(
            configuration: run.options.core(for: id, seed: seed), zab: run.options.zab(for: id),
            durable: durable, tree: state.tree, now: hardware.now)
        begin(core, RecoveredMachine(state: state, recovery: recovery, seed: seed))
    }

    private func refused(_ error: RecoveryError) {
        guard !hardware.disk.isPowerCut else { return losePower() }
        if hardware.isDamaged, error.repairNeed != .none, repairsLeft > 0 {
            repairsLeft -= 1
            return mend(error)
        }
        guard hardware.isDiskInTrouble else {
            return run.fail("S-01", "server \(id) cannot start: \(error)")
        }
        giveUp("cannot start: \(error)")
    }

    /// The process has ended for its disk, and is started again later.
    func giveUp(_ reason: String) {
        run.note(host, reason)
        hardware.disk = hardware.disk.afterKill()
        onEnd(false)
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

    func recovery(
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
        if repair != nil { return crashRepair() }
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
        guard hardware.isDiskInTrouble || hardware.isDamaged else {
            return run.fail("S-02", "server \(id): storage failed: \(reason)")
        }
        run.figures.storageFailures += 1
        run.note(host, "ends: \(reason)")
        stop(process)
        hardware.disk = hardware.disk.afterKill()
        process.end()
    }

    /// Its process is gone, and so is everything that it had.
    func wipe() {
        run.note(host, "has an empty disk")
        if let process {
            stop(process)
            process.end()
        }
        if repair != nil { stopRepair() }
        hardware.disk = SimulatedDisk()
        hardware.isDamaged = false
        ghost.wiped(id)
    }

    /// The run is over.
    func end() {
        onEnd = { _ in }
        repair?.die()
        repair = nil
        guard let process else { return }
        process.die()
        process.end()
        self.process = nil
    }
}
