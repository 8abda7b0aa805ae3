// A machine: what outlives a server's process (its disk, its clocks), and the ways in which processes
// begin and end on it.

import DataTree
import Recovery
import Resync
import ServerCore
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// What a start got from the disk.
struct RecoveredMachine {
    let state: RecoveredState<SimulatedDisk>
    let recovery: Recovery<SimulatedDisk>
    let seed: UInt64
}

final class Machine {
    unowned let world: World
    let id: ServerID
    var chance: Chance
    static let directory = DataDirectory("/data")

    /// The next one has the faults of this one behind it.
    private(set) var disk = SimulatedDisk() { didSet { isDiskInTrouble = false } }
    private(set) var process: ServerProcess?
    /// Those that have ended, which what is still planned may refer to.
    private var ended: [ServerProcess] = []
    /// What its wall clock is ahead of the others'.
    var wallOffsetMilliseconds: Int64 = 0
    /// A disk in trouble takes so many times longer.
    var diskSlowness: Int64 = 1
    private let syncTime: ClosedRange<Span>
    private(set) var startCount = 0
    /// Its operations may fail, by a fault that was planned.
    private var isDiskInTrouble = false

    init(_ id: ServerID, _ world: World, _ chance: Chance) {
        self.id = id
        self.world = world
        self.chance = chance
        syncTime = world.options.syncTime
    }

    var host: Host { Host(number: Int(id.rawValue)) }

    var now: Now {
        Now(
            monotonic: Instant(nanoseconds: world.now + 1_000_000_000),
            wallMilliseconds: 1_700_000_000_000 + world.now / 1_000_000
                + wallOffsetMilliseconds)
    }

    func diskTime(syncs: Int64, _ chance: inout Chance) -> Span {
        var total = Span.microseconds(chance.within(10...80))
        for _ in 0..<syncs { total = total + chance.span(syncTime) }
        total = total * diskSlowness
        if diskSlowness > 1 { expectTrouble(for: total) }
        return total
    }

    /// Until then nobody may count on this machine to be quick.
    private(set) var troubledUntil = Int64(0)

    func expectTrouble(for span: Span) {
        troubledUntil = max(troubledUntil, world.now + span.nanoseconds)
    }

    // MARK: Beginning

    func boot() {
        precondition(process == nil, "server \(id) runs already")
        if !world.faults.isOver, chance.percent(15) { startInVain() }
        startCount += 1
        let seed = chance.next()
        let recovery = recovery(seed)
        let state: RecoveredState<SimulatedDisk>
        do throws(RecoveryError) {
            state = try recovery.load()
        } catch {
            guard isDiskInTrouble else {
                return world.ghost.fail("S-01", "server \(id) cannot start: \(error)")
            }
            world.note(host, "cannot start: \(error)")
            disk = disk.afterKill()
            return world.faults.cannotStart(self)
        }
        world.ghost.recovered(state, self)
        if world.options.defects.contains(.zookeeper1653), !isEpochWhole(state) { return }
        var core = world.options.core
        core.serverID = id
        core.hashSeed = seed
        var zab = world.options.zab(for: id)
        zab.recentBytes = world.options.recentBytes
        let durable = state.durable()
        world.note(
            host, "starts: \(durable.lastZxid) epochs \(durable.epochs) blank \(durable.isBlank)")
        let process = ServerProcess(
            self,
            ServerCore(
                configuration: core, zab: zab, durable: durable, tree: state.tree, now: now),
            RecoveredMachine(state: state, recovery: recovery, seed: seed))
        self.process = process
        world.record("boot", host.number, Int(truncatingIfNeeded: durable.lastZxid.rawValue))
        process.start()
    }

    private func recovery(
        _ seed: UInt64, of other: SimulatedDisk? = nil
    ) -> Recovery<SimulatedDisk> {
        var configuration = RecoveryConfiguration(
            serverID: id, newEnsembleID: chance.next() | 1, seed: seed)
        configuration.segmentSizeBytes = world.options.segmentBytes
        configuration.isLogCompressed = world.options.isLogCompressed
        configuration.defects = world.options.defects
        return Recovery(other ?? disk, Machine.directory, configuration)
    }

    /// ZOOKEEPER-1653, of the shell's start: it compares what a crash may leave different.
    private func isEpochWhole(_ state: RecoveredState<SimulatedDisk>) -> Bool {
        let current = state.meta.record?.currentEpoch ?? 0
        let last = state.log.lastZxid
        guard last.epoch.rawValue > current else { return true }
        world.ghost.fail(
            "S-01", "server \(id) cannot start: its log ends at \(last), its epoch is \(current)")
        return false
    }

    /// A start that does not come to its end: the power fails before.
    private func startInVain() {
        world.figures.vainStarts += 1
        disk.cutPower(at: 1 + chance.below(80))
        _ = try? recovery(chance.next()).load()
        disk = disk.crash(seed: chance.next())
    }

    /// What a start would load now, after a death of the process or a loss of power.
    func wouldLoad(afterPowerLoss isPowerLost: Bool) throws(RecoveryError) -> DataTree {
        let left = isPowerLost ? disk.crash(seed: chance.next()) : disk.afterKill()
        return try recovery(chance.next(), of: left).load().tree
    }

    // MARK: Ending

    /// The process dies, or the power fails: what was not synced is lost or torn.
    func crash() {
        guard let process else { return }
        let isPowerFailure = chance.percent(60)
        world.figures.crashes += 1
        world.note(host, isPowerFailure ? "loses its power" : "is killed")
        end(process)
        process.log.interrupt(disk)
        process.snapshotWriter.interrupt(disk)
        disk = isPowerFailure ? disk.crash(seed: chance.next()) : disk.afterKill()
    }

    private func end(_ process: ServerProcess) {
        process.die()
        ended.append(process)
        self.process = nil
        world.record("end", host.number)
        world.network.lose(host)
        world.faults.ended(self)
    }

    /// The engine has met with a failure of the disk, on which a process ends.
    func storageFailed(_ reason: String) {
        guard let process, process.isAlive else { return }
        guard isDiskInTrouble else {
            return world.ghost.fail("S-02", "server \(id): storage failed: \(reason)")
        }
        world.figures.storageFailures += 1
        world.note(host, "ends: \(reason)")
        end(process)
        disk = disk.afterKill()
    }

    // MARK: The disk

    func failDisk(within operations: Int) {
        isDiskInTrouble = true
        world.note(host, "has a disk that will fail")
        disk.failOperation(operations, with: 5)
    }

    func fillDisk(leaving bytes: Int) {
        isDiskInTrouble = true
        world.note(host, "has a full disk")
        guard let free = try? disk.freeSpaceBytes("/data") else { return }
        disk.capacityBytes = disk.capacityBytes - Int(free) + bytes
    }

    func repairDisk() {
        disk.capacityBytes = .max
    }

    /// The newest snapshot, or all, are empty files from now on. Another snapshot of the same history
    /// will do, and so will a log that begins at the beginning; otherwise a start has to refuse
    /// (S-21), and the disk is exchanged.
    func loseSnapshots(all: Bool) {
        // Whether it can start at all is another check's affair.
        guard let state = try? recovery(chance.next(), of: disk.afterKill()).load(),
            let record = state.meta.record, let names = try? state.snapshots.list()
        else { return }
        let lost = names.prefix(all ? names.count : 1)
        let own = SnapshotOrigin(
            ensembleID: record.ensembleID, generation: record.baseGeneration)
        let isStartable =
            state.log.startsAfter == .zero
            || names.dropFirst(lost.count).contains {
                (try? state.snapshots.reader.footer(of: $0))?.origin == own
            }
        world.note(host, "loses \(lost.map(\.fileName)); has to start: \(isStartable)")
        for name in lost {
            disk.place([], at: Machine.directory.snapshots + "/" + name.fileName)
        }
        guard !isStartable else { return }
        do throws(RecoveryError) {
            _ = try recovery(chance.next(), of: disk.afterKill()).load()
        } catch {
            world.note(host, "is refused: \(error)")
            wipe()
        }
    }

    /// Its process is gone, and so is everything that it had.
    func wipe() {
        world.note(host, "has an empty disk")
        if let process { end(process) } else { world.faults.ended(self) }
        disk = SimulatedDisk()
        world.ghost.wiped(self)
    }
}
