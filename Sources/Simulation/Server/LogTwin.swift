// The log's thread (`LogThread`): one queue of appends and storage orders for the shipping
// `HistoryStorage`. An operation takes effect on the disk at the end of its simulated time, all at
// once; when the process dies before that, part of it does.

import DataTree
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
        case replaceTree(LinkID, zxid: Zxid, FeedTwin)
        case roll
        case purge(below: Zxid)
    }

    /// What the thread does at a time.
    enum Operation {
        case append([TxnBatch])
        case other(Message)
        case flushWatermark
        /// Takes in what has come of a snapshot.
        case installPiece
        case prepareSegment
        /// Nobody waits for it, and nobody minds if it fails.
        case remove(SegmentPurge<SimulatedDisk>)
    }

    /// A sync's end may wait this long for another write before the watermark is synced too.
    private static let idleTime = Span.seconds(1)

    let life: Life
    /// Tells the loop, some time later.
    var onReport: (LogReport) -> Void = { _ in }
    var storage: HistoryStorage<SimulatedDisk>
    private var chance: Chance

    private var queue: [Message] = []
    private var operations: [Operation] = []
    /// What is being done to the disk at present.
    private var current: Operation?
    var isAwake = false
    private var isWatermarkBehind = false
    /// Since when there is nothing to do, and whether somebody looks how long that has been.
    private var idleSince = Int64(0)
    private var isIdleWatched = false
    /// A leader's snapshot is being taken.
    var installation: (link: LinkID, feed: FeedTwin, isTree: Bool)?
    /// With ZOOKEEPER-3642: what came after a leader's snapshot of which the disk has nothing.
    var unwritten: (link: LinkID, batches: [TxnBatch])?
    /// With ZOOKEEPER-2201: streams of snapshots under way, which hold what this thread needs.
    private var holders = 0
    var surroundings = Surroundings()

    /// For defects: what else of the process they concern.
    struct Surroundings {
        var hasLink: (LinkID) -> Bool = { _ in false }
        var leaveLeader: () -> Void = {}
        var use: (ChainPoint, SnapshotOrigin) -> Void = { _, _ in }
    }

    init(_ life: Life, _ storage: RecoveredMachine, _ writer: SnapshotWriterTwin) {
        self.life = life
        self.storage = HistoryStorage(
            storage.state, storage.recovery, seed: storage.seed, quiesce: { writer.quiesce() })
        chance = life.hardware.chance.split()
    }

    var log: TxnLog<SimulatedDisk> { storage.log }

    func start() { perform(.prepareSegment) }

    func send(_ message: Message) {
        queue.append(message)
        wake()
    }

    // MARK: The thread

    private func wake() {
        guard !isAwake, installation == nil, holders == 0 else { return }
        isAwake = true
        life.after(.microseconds(chance.within(5...60))) { [self] in takeQueue() }
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

    func next() {
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
        idleSince = life.run.now
        if !isIdleWatched { watchIdle(for: LogTwin.idleTime) }
    }

    private func watchIdle(for span: Span) {
        isIdleWatched = true
        life.after(span) { [self] in
            isIdleWatched = false
            guard !isAwake, isWatermarkBehind, installation == nil else { return }
            let rest = idleSince + LogTwin.idleTime.nanoseconds - life.run.now
            guard rest <= 0 else { return watchIdle(for: Span(nanoseconds: rest)) }
            isAwake = true
            perform(.flushWatermark)
        }
    }

    func perform(_ operation: Operation) {
        if case .other(.install(let link, let zxid, let feed)) = operation {
            return begin(link, feed, isTree: false) { () throws(SyncError) in
                try storage.beginInstall(zxid: zxid)
            }
        }
        if case .other(.replaceTree(let link, let zxid, let feed)) = operation {
            return begin(link, feed, isTree: true) { () throws(SyncError) in
                try storage.beginTree(zxid: zxid)
            }
        }
        isAwake = true
        current = operation
        life.after(duration(operation)) { [self] in
            current = nil
            do throws(SyncError) {
                if let report = try apply(operation) { self.report(report) }
            } catch {
                return life.storageFailed("\(error)")
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
            case .remove: 2
            }
        return life.diskTime(syncs: syncs, &chance)
    }

    func report(_ report: LogReport) {
        guard life.isAlive else { return }
        life.ghost.logDid(report, at: life.id)
        life.after(.microseconds(chance.within(2...40))) { [self] in onReport(report) }
    }

    // MARK: The engine's calls

    private func apply(_ operation: Operation) throws(SyncError) -> LogReport? {
        switch operation {
        case .append(let batches) where unwritten != nil:
            unwritten?.batches += batches
            let zxid = batches.last?.entries.last?.zxid ?? storage.end.zxid
            return .appended(upTo: ChainPoint(zxid: zxid, checksum: 0))
        case .append(let batches):
            let result = try onLog { () throws(TxnLogError) in try log.append(batches) }
            isWatermarkBehind = true
            if result.isNewSegment { operations.append(.prepareSegment) }
            let end = result.points[result.points.count - 1]
            if end != storage.end { surroundings.leaveLeader() }
            return .appended(upTo: end)
        case .other(let message): return try apply(message)
        case .flushWatermark:
            isWatermarkBehind = false
            try onLog { () throws(TxnLogError) in try log.flushWatermark() }
        case .installPiece: try takePieces()
        case .prepareSegment: try? log.segmentPreparer.prepare()
        case .remove(let purge): try? purge.run()
        }
        return nil
    }

    private func apply(_ message: Message) throws(SyncError) -> LogReport? {
        switch message {
        case .append, .install, .replaceTree: preconditionFailure("handled by who calls this")
        case .roll: log.roll()
        case .purge(let zxid):
            let purge = try storage.release(upTo: zxid)
            if purge.count > 0 { operations.append(.remove(purge)) }
        case .writeEpochs(let epochs):
            if unwritten != nil { try endUnwritten() }
            try storage.write(epochs)
            return .epochsWritten(epochs)
        case .truncate(let zxid, let rebuilds):
            let tree = try storage.truncate(to: zxid, rebuilds: rebuilds)
            return .truncated(to: storage.end, tree)
        }
        return nil
    }

    private func onLog<T>(_ body: () throws(TxnLogError) -> T) throws(SyncError) -> T {
        do throws(TxnLogError) {
            return try body()
        } catch {
            throw .log(error)
        }
    }

    // MARK: Dying

    /// Nothing comes any more, and nobody is told.
    func end() {
        onReport = { _ in }
        installation?.feed.onInput = {}
        storage.abandonInstall()
    }

    /// The process dies: part of what was being done has been done.
    func interrupt(_ disk: SimulatedDisk) {
        guard let operation = current else { return }
        current = nil
        disk.cutPower(at: 1 + chance.below(chance.oneIn(3) ? 60 : 12))
        _ = try? apply(operation)
    }
}
