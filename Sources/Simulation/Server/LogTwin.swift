// The log's thread (`LogThread`, `HistoryStorage`): one queue of appends and storage orders. An
// operation takes effect on the disk at the end of its simulated time, all at once; when the process
// dies before that, part of it does.

import DataTree
import Recovery
import Resync
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

final class LogTwin {
    enum Message {
        case append(TxnBatch)
        case writeEpochs(Epochs)
        case truncate(to: Zxid, rebuilds: Bool)
        case install(LinkID, zxid: Zxid, FeedTwin)
        case roll
        case purge(below: Zxid)
    }

    enum Report {
        case appended(upTo: ChainPoint)
        case epochsWritten(Epochs)
        case truncated(to: ChainPoint, DataTree?)
        case installed(LinkID, ChainPoint, SnapshotOrigin, DataTree)
        case installFailed(LinkID, reason: String)
    }

    /// What the thread does at a time.
    private enum Operation {
        case append([TxnBatch])
        case other(Message)
        case flushWatermark
        /// Takes in what has come of a snapshot.
        case installPiece
        case prepareSegment
    }

    /// A sync's end may wait this long for another write before the watermark is synced too.
    private static let idleTime = Span.seconds(1)

    private unowned let process: ServerProcess
    let log: TxnLog<SimulatedDisk>
    private(set) var meta: MetaStore<SimulatedDisk>
    private let store: SnapshotStore<SimulatedDisk>
    private let recovery: Recovery<SimulatedDisk>
    private let seed: UInt64
    private var chance: Chance

    private var queue: [Message] = []
    private var operations: [Operation] = []
    /// What is being done to the disk at present.
    private var current: Operation?
    private var isAwake = false
    private var isWatermarkBehind = false
    private var idleTimer = 0
    private var installation: Installation?
    /// With ZOOKEEPER-3642: a leader's snapshot and what came after it, of which the disk has nothing.
    private var unwritten: Unwritten?
    /// With ZOOKEEPER-2201: streams of snapshots under way, which hold what this thread needs.
    private var holders = 0

    init(_ process: ServerProcess, _ storage: RecoveredMachine) {
        self.process = process
        log = storage.state.log
        meta = storage.state.meta
        store = storage.state.snapshots
        recovery = storage.recovery
        seed = storage.seed
        chance = process.machine.chance.split()
    }

    private var record: MetaRecord {
        guard let record = meta.record else { preconditionFailure("an open directory has its meta") }
        return record
    }

    var origin: SnapshotOrigin {
        SnapshotOrigin(ensembleID: record.ensembleID, generation: record.baseGeneration)
    }

    func start() { perform(.prepareSegment) }

    func send(_ message: Message) {
        queue.append(message)
        wake()
    }

    // MARK: The thread

    private func wake() {
        guard !isAwake, installation == nil, holders == 0 else { return }
        isAwake = true
        process.after(.microseconds(chance.within(5...60))) { [self] in takeQueue() }
    }

    /// Everything that has gathered: what is to be appended becomes one write.
    private func takeQueue() {
        var batches: [TxnBatch] = []
        for message in queue {
            if case .append(let batch) = message {
                batches.append(batch)
                continue
            }
            if !batches.isEmpty { operations.append(.append(batches)) }
            batches = []
            operations.append(.other(message))
        }
        if !batches.isEmpty { operations.append(.append(batches)) }
        queue = []
        next()
    }

    func hold() { holders += 1 }

    func release() {
        holders -= 1
        guard holders == 0, !isAwake else { return }
        if operations.isEmpty { wake() } else { next() }
    }

    private func next() {
        guard holders == 0 else { return isAwake = false }
        if installation != nil {
            isAwake = false
            return wakeInstaller()
        }
        guard !operations.isEmpty else {
            isAwake = false
            return queue.isEmpty ? planIdle() : wake()
        }
        perform(operations.removeFirst())
    }

    private func planIdle() {
        idleTimer += 1
        let timer = idleTimer
        process.after(LogTwin.idleTime) { [self] in
            guard timer == idleTimer, !isAwake, isWatermarkBehind, installation == nil else { return }
            isAwake = true
            perform(.flushWatermark)
        }
    }

    private func perform(_ operation: Operation) {
        idleTimer += 1
        if case .other(.install(let link, let zxid, let feed)) = operation {
            return begin(link, zxid, feed)
        }
        isAwake = true
        current = operation
        process.after(duration(operation)) { [self] in
            current = nil
            do throws(SyncError) {
                if let report = try apply(operation) { self.report(report) }
            } catch {
                return process.machine.storageFailed("\(error)")
            }
            next()
        }
    }

    private func duration(_ operation: Operation) -> Span {
        let syncs: Int64 =
            switch operation {
            case .append, .flushWatermark, .prepareSegment: 1
            case .other(.writeEpochs): 4
            case .other(.truncate): 4
            case .other: 0
            case .installPiece: 1
            }
        return process.machine.diskTime(syncs: syncs, &chance)
    }

    private func report(_ report: Report) {
        guard process.isAlive else { return }
        process.world.ghost.logDid(report, at: process)
        process.after(.microseconds(chance.within(2...40))) { [self] in process.logReported(report) }
    }

    // MARK: The engine's calls

    private func apply(_ operation: Operation) throws(SyncError) -> Report? {
        switch operation {
        case .append(let batches) where unwritten != nil:
            unwritten?.batches += batches
            let zxid = batches.last?.entries.last?.zxid ?? log.lastZxid
            return .appended(upTo: ChainPoint(zxid: zxid, checksum: 0))
        case .append(let batches):
            let result = try onLog { () throws(TxnLogError) in try log.append(batches) }
            isWatermarkBehind = true
            if result.isNewSegment { operations.append(.prepareSegment) }
            let end = result.points[result.points.count - 1]
            if end != log.last { process.quorum.leaveLeader() }
            return .appended(upTo: end)
        case .other(let message): return try apply(message)
        case .flushWatermark:
            isWatermarkBehind = false
            try onLog { () throws(TxnLogError) in try log.flushWatermark() }
            return nil
        case .installPiece:
            try takePieces()
            return nil
        case .prepareSegment:
            try? log.segmentPreparer.prepare()
            return nil
        }
    }

    private func apply(_ message: Message) throws(SyncError) -> Report? {
        switch message {
        case .append, .install: preconditionFailure("handled by who calls this")
        case .roll: log.roll()
        case .purge(let zxid):
            _ = try onLog { () throws(TxnLogError) in try log.purge(before: zxid.next) }
        case .writeEpochs(let epochs):
            if unwritten != nil { try endUnwritten() }
            try write(epochs)
            return .epochsWritten(epochs)
        case .truncate(let zxid, let rebuilds):
            process.snapshotWriter.quiesce()
            try Truncation(log: log, store: store, origin: origin).run(to: zxid)
            guard rebuilds else { return .truncated(to: log.last, nil) }
            do throws(RecoveryError) {
                return .truncated(to: log.last, try recovery.rebuildTree(log, meta))
            } catch {
                throw .recovery(error)
            }
        }
        return nil
    }

    private func write(_ epochs: Epochs) throws(SyncError) {
        var record = record
        record.acceptedEpoch = epochs.accepted.rawValue
        record.currentEpoch = epochs.current.rawValue
        record.isRecovering = epochs.isRecovering
        do throws(MetaError) {
            try meta.write(record)
        } catch {
            throw .meta(error)
        }
    }

    private func onLog<T>(_ body: () throws(TxnLogError) -> T) throws(SyncError) -> T {
        do throws(TxnLogError) {
            return try body()
        } catch {
            throw .log(error)
        }
    }

    // MARK: A leader's snapshot

    /// The thread does nothing else until the stream has ended.
    private func begin(_ link: LinkID, _ zxid: Zxid, _ feed: FeedTwin) {
        process.snapshotWriter.quiesce()
        let next = SnapshotOrigin(ensembleID: origin.ensembleID, generation: origin.generation + 1)
        let installation = Installation(link, feed)
        do throws(SyncError) {
            installation.install = try SnapshotInstall(store, zxid: zxid, origin: next, seed: seed)
        } catch {
            return process.machine.storageFailed("\(error)")
        }
        self.installation = installation
        isAwake = false
        feed.onInput = { [self] in wakeInstaller() }
        wakeInstaller()
    }

    private func wakeInstaller() {
        guard let installation, !isAwake, installation.feed.hasInput else { return }
        perform(.installPiece)
    }

    private func takePieces() throws(SyncError) {
        guard let installation else { return }
        do throws(SyncError) {
            while let piece = installation.feed.next() {
                guard let rest = try installation.take(piece) else { continue }
                installation.feed.putBack(piece[(piece.count - rest)...])
                return try finish(installation)
            }
        } catch {
            installation.abandon()
            guard case .badStream(let reason) = error else { throw error }
            return end(installation, .installFailed(installation.link, reason: reason))
        }
        if installation.feed.isClosed {
            installation.abandon()
            end(installation, .installFailed(installation.link, reason: "the connection broke off"))
        }
    }

    private func finish(_ installation: Installation) throws(SyncError) {
        process.machine.disk.ignoresSyncs = process.defects.contains(.zookeeper2872)
        let installed = try installation.finish()
        process.machine.disk.ignoresSyncs = false
        if process.defects.contains(.zookeeper3642) {
            unwritten = Unwritten(link: installation.link, snapshot: installed)
        } else {
            try installed.switchOver(meta: &meta, log: log)
        }
        end(
            installation,
            .installed(installation.link, installed.base.point, origin, installed.tree))
    }

    /// ZOOKEEPER-3642: NEWLEADER makes what is in memory only this server's, if it is the same leader's.
    private func endUnwritten() throws(SyncError) {
        guard let unwritten else { return }
        self.unwritten = nil
        guard process.quorum.links[unwritten.link] != nil else { return }
        try unwritten.snapshot.switchOver(meta: &meta, log: log)
        if !unwritten.batches.isEmpty {
            _ = try onLog { () throws(TxnLogError) in try log.append(unwritten.batches) }
        }
        process.snapshots.resume(installed: log.last, origin)
        process.quorum.use(origin)
    }

    private func end(_ installation: Installation, _ report: Report) {
        installation.feed.onInput = {}
        self.installation = nil
        self.report(report)
    }

    // MARK: Dying

    /// The process dies: part of what was being done has been done.
    func interrupt(_ disk: SimulatedDisk) {
        guard let operation = current else { return }
        current = nil
        disk.cutPower(at: 1 + chance.below(chance.oneIn(3) ? 60 : 12))
        _ = try? apply(operation)
    }
}

/// What should be on the disk.
private struct Unwritten {
    let link: LinkID
    let snapshot: InstalledSnapshot
    var batches: [TxnBatch] = []
}

/// A snapshot on its way in.
final class Installation {
    let link: LinkID
    let feed: FeedTwin
    var install: SnapshotInstall<SimulatedDisk>?

    init(_ link: LinkID, _ feed: FeedTwin) {
        self.link = link
        self.feed = feed
    }

    /// - Returns: how many bytes at the end are not the snapshot's, once it has ended.
    func take(_ piece: [UInt8]) throws(SyncError) -> Int? {
        try piece.withByteView { (bytes) throws(SyncError) in
            var input = bytes
            return try install!.consume(&input) ? input.count : nil
        }
    }

    func finish() throws(SyncError) -> InstalledSnapshot {
        guard let install = install.take() else { preconditionFailure("finished twice") }
        return try install.finish()
    }

    func abandon() { if let install = install.take() { install.abandon() } }
}
