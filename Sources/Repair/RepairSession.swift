// A damaged member at work: the machine, its disk and what it answers, without a network. Whoever has
// one carries the requests and responses (the shell, the simulator, a test).

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

package struct RepairSession<D: Disk> {
    package struct Settings: Sendable {
        package var machine: RepairMachine.Settings
        /// Of salts, and of a new ensemble id where no file names one.
        package var seed: UInt64
        package var segmentSizeBytes: Int
        package var isLogCompressed = false
        package var limits = SnapshotLimits()

        package init(machine: RepairMachine.Settings, seed: UInt64, segmentSizeBytes: Int) {
            self.machine = machine
            self.seed = seed
            self.segmentSizeBytes = segmentSizeBytes
        }
    }

    /// How it ended.
    package enum Outcome: Equatable, Sendable {
        /// Start as if nothing had been wrong.
        case repaired(RepairPlan)
        /// Start, and be synchronized by a leader before voting.
        case following(reason: String)
        /// Refuse.
        case stopped(String)
    }

    package enum Output: Equatable, Sendable {
        case ask(ServerID, RepairRequest)
        case disconnect(ServerID, reason: String)
        case say(String)
        case ended(Outcome)
    }

    private let settings: Settings
    package let damaged: DamagedDirectory<D>
    private let answerer: RepairAnswerer<D>
    private var machine: RepairMachine
    private let spool: Spool<D>
    private var effects: [RepairEffect] = []
    private let lock: any DiskLock

    /// Takes the directory and looks through it; that takes as long as reading it does.
    ///
    /// - Parameters:
    ///   - need: as the refused start's error says; not `none`.
    ///   - reason: that error, for messages.
    package init(
        _ disk: D, _ directory: DataDirectory, _ settings: Settings, need: RepairNeed,
        reason: String
    ) throws {
        self.settings = settings
        lock = try disk.lock(directory.lock)
        try Exchange(disk, directory).removeRebuilt()
        damaged = DamagedDirectory(
            disk, directory, need: need, reason: reason, limits: settings.limits)
        answerer = RepairAnswerer(damaged)
        machine = RepairMachine(settings.machine, damaged.damage)
        spool = Spool(disk, directory.fetchedTxns)
    }

    /// Lets go of the directory, so that it can be started from.
    package func close() { lock.release() }

    // MARK: Answering

    package func answer(_ request: RepairRequest) -> RepairResponse {
        switch request {
        case .hello, .status:
            .status(
                answerer.status(
                    settings.machine.own, .repairing, isTrusted: isTrusted,
                    accepted: damaged.damage.acceptedEpoch, current: damaged.damage.currentEpoch))
        case .txns(let span): .txns(answerer.txns(span))
        case .snapshot(let zxid, let offset):
            .snapshot(zxid, offset: offset, answerer.snapshot(zxid, offset: offset))
        }
    }

    /// A server that has forgotten its promises, or was being synchronized, says nothing about what
    /// it does not have.
    private var isTrusted: Bool {
        damaged.meta?.isRecovering == false && damaged.damage.needsLeader == nil
    }

    // MARK: Repairing

    /// - Throws: what the disk refused; the repair is over then.
    package mutating func step(
        _ event: RepairEvent, now: Instant, into output: inout [Output]
    ) throws {
        var next: RepairEvent? = event
        while let event = next {
            next = nil
            effects.removeAll(keepingCapacity: true)
            machine.step(event, now: now, into: &effects)
            for effect in effects {
                if let followUp = try carryOut(effect, &output) { next = followUp }
            }
        }
    }

    /// - Returns: what came of it, if that is an event.
    private func carryOut(
        _ effect: RepairEffect, _ output: inout [Output]
    ) throws -> RepairEvent? {
        switch effect {
        case .ask(let server, let request): output.append(.ask(server, request))
        case .keep(let txns): try spool.keep(txns)
        case .keepSnapshot(let offer, let offset, let bytes): try keep(offer, offset, bytes)
        case .checkSnapshot(let offer): return .snapshotChecked(isGood: try check(offer))
        case .disconnect(let server, let reason):
            output.append(.disconnect(server, reason: reason))
        case .say(let text): output.append(.say(text))
        case .rebuild(let plan):
            try rebuild(plan)
            output.append(.ended(.repaired(plan)))
        case .follow(let reason):
            try beginAnew()
            output.append(.ended(.following(reason: reason)))
        case .stop(let text):
            try spool.remove()
            output.append(.ended(.stopped(text)))
        }
        return nil
    }

    private var fetchedSnapshots: String { damaged.directory.rebuiltSnapshots }

    private func keep(_ offer: SnapshotOffer, _ offset: Int64, _ bytes: [UInt8]) throws {
        let disk = damaged.disk
        if offset == 0 {
            try Exchange(disk, damaged.directory).removeRebuiltSnapshots()
            try disk.createDirectory(fetchedSnapshots)
            try disk.syncDirectory(DataDirectory.parent(of: fetchedSnapshots))
        }
        let name = SnapshotName(zxid: offer.start).fileName
        let file = try disk.create(fetchedSnapshots + "/" + name)
        defer { file.close() }
        try file.write(bytes, at: offset)
        if offset + Int64(bytes.count) == offer.sizeBytes { try file.sync() }
    }

    /// Reads all of a snapshot that another member sent.
    private func check(_ offer: SnapshotOffer) throws -> Bool {
        let store = SnapshotStore(
            damaged.disk, directory: fetchedSnapshots, limits: settings.limits)
        guard let found = try? store.reader.verify(SnapshotName(zxid: offer.start)) else {
            return false
        }
        return found.footer?.endZxid == offer.end
    }

    private func rebuild(_ plan: RepairPlan) throws {
        let directory = damaged.directory
        var meta = try MetaStore(disk: damaged.disk, directory: directory.own, hasHistory: true)
        try Rebuild(
            damaged: damaged, spool: spool, seed: settings.seed,
            segmentSizeBytes: settings.segmentSizeBytes, isCompressed: settings.isLogCompressed
        ).run(plan, &meta)
        try spool.remove()
    }

    /// Everything goes aside; what is left has no history and no vote until a leader has given it
    /// one.
    private func beginAnew() throws {
        let exchange = Exchange(damaged.disk, damaged.directory)
        try exchange.removeRebuilt()
        guard var record = damaged.meta else { return try makeMeta(exchange) }
        var meta = try MetaStore(
            disk: damaged.disk, directory: damaged.directory.own, hasHistory: true)
        record.isRecovering = true
        record.baseGeneration = max(record.baseGeneration, damaged.log.generation) + 1
        record.baseZxid = 0
        record.baseChecksum = 0
        try exchange.run(record, meta: &meta)
    }

    /// The promises are lost: a new `meta` that has made none, and does not vote.
    private func makeMeta(_ exchange: Exchange<D>) throws {
        let record = MetaRecord(
            ensembleID: damaged.log.ensembleID ?? max(settings.seed, 1),
            serverID: settings.machine.own.rawValue,
            baseGeneration: damaged.log.generation + 1, isRecovering: true,
            exchange: .settingAside)
        if !damaged.disk.exists(damaged.directory.log) {
            try damaged.disk.createDirectory(damaged.directory.log)
            try damaged.disk.syncDirectory(damaged.directory.ownLog)
        }
        var meta = try MetaStore(
            disk: damaged.disk, directory: damaged.directory.own, insteadOfLost: record)
        try exchange.finish(&meta)
    }
}
