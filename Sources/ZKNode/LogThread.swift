import DataTree
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Resync
import ServerConfiguration
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// The thread that owns the open log segment: it takes everything that was proposed since its last
/// sync, writes it with one write, syncs once and reports (group commit: under load the batch grows
/// by itself, idle a single write is synced at once). What else the protocol wants to be durable is
/// in the same queue, so that it happens in the order in which it was decided.
// SAFETY: `@unchecked`: `storage` is touched only by the thread that `start` begins.
final class LogThread: @unchecked Sendable {
    enum Message: Sendable {
        case append(TxnBatch)
        case writeEpochs(Epochs)
        /// - Parameter rebuilds: the tree has some of what goes, so that it is loaded again.
        case truncate(to: Zxid, rebuilds: Bool)
        /// Make the snapshot that comes by the feed this server's state.
        case install(LinkID, zxid: Zxid, SnapshotFeed)
        /// Make the tree anew, of the snapshot that comes by the feed and of the log.
        case replaceTree(LinkID, zxid: Zxid, SnapshotFeed)
        /// Begin a new segment: a snapshot starts here.
        case roll
        /// Everything below is in snapshots that are kept.
        case purge(below: Zxid)
        case stop
    }

    /// What the thread has done, in the order of the messages.
    enum Report: Sendable {
        /// - Parameter took: how long writing and syncing the batch did.
        case appended(upTo: ChainPoint, took: TimeAmount)
        case epochsWritten(Epochs)
        /// - Parameter state: what the tree is to be replaced by, if it was to be loaded again.
        case truncated(to: ChainPoint, LoadedState?)
        case installed(LinkID, ChainPoint, SnapshotOrigin, LoadedState)
        /// The log ends where it did.
        case treeReplaced(LinkID, ChainPoint, LoadedState)
        /// The leader's stream broke off, or was none: nothing has changed.
        case installFailed(LinkID, reason: String)
    }

    /// A sync's end may wait this long for another write before the watermark is synced too.
    private static let idleSeconds = 1.0

    /// After a sync for a single write the next one is looked for this long before the thread
    /// sleeps: one client that writes, waits and writes again has its answer sooner by a wake-up.
    /// Only while that is so: where the last write took longer to come (other servers had to be
    /// asked, say), looking takes the processor from those who are to bring the next.
    private static let spinTime = TimeAmount.microseconds(100)
    /// A gap between two writes that looking would have shortened: what it may take, with the
    /// wake-up that comes without looking.
    private static let quickTime = TimeAmount.microseconds(200)

    var storage: HistoryStorage<PosixDisk>
    private var log: TxnLog<PosixDisk> { storage.log }
    private let mailbox = Mailbox<Message>()
    private let pool = NIOThreadPool(numberOfThreads: 2)
    private let policy: GroupCommitPolicy
    let logger: Logger
    private let onFailure: @Sendable (ServerFailure) -> Void
    private let failure = NIOLockedValueBox<ServerFailure?>(nil)
    private var isWatermarkBehind = false
    /// The last sync was for a single write.
    private var isLoneClient = false
    private var lastSyncEnd = NIODeadline.distantPast
    /// The last write came soon after the sync before it.
    private var isQuick = false

    init(
        storage: consuming HistoryStorage<PosixDisk>, policy: GroupCommitPolicy, logger: Logger,
        onFailure: @escaping @Sendable (ServerFailure) -> Void
    ) {
        self.storage = storage
        self.policy = policy
        self.logger = logger
        self.onFailure = onFailure
    }

    func append(_ batch: TxnBatch) { mailbox.send(.append(batch)) }
    func roll() { mailbox.send(.roll) }
    func purge(below zxid: Zxid) { mailbox.send(.purge(below: zxid)) }
    func send(_ message: Message) { mailbox.send(message) }

    /// - Parameter report: called on the log's thread.
    func start(_ report: @escaping @Sendable (Report) -> Void) {
        pool.start()
        prepareNextSegment()
        pool.submit { [self] _ in
            do throws(ServerFailure) {
                try run(report)
            } catch {
                failure.withLockedValue { $0 = error }
                onFailure(error)
            }
        }
    }

    /// Everything handed over before is durable when it returns.
    /// - Throws: why that is not so, if the log failed on the way.
    func stop() throws(ServerFailure) {
        mailbox.send(.stop)
        try? pool.syncShutdownGracefully()
        if let failure = failure.withLockedValue({ $0 }) { throw failure }
    }

    private func run(_ report: (Report) -> Void) throws(ServerFailure) {
        while true {
            if isLoneClient, isQuick { mailbox.spin(for: LogThread.spinTime) }
            var messages = mailbox.receive(timeoutSeconds: LogThread.idleSeconds)
            isQuick = NIODeadline.now() - lastSyncEnd < LogThread.quickTime
            if messages.isEmpty {
                if isWatermarkBehind {
                    try onLog { () throws(TxnLogError) in try log.flushWatermark() }
                }
                isWatermarkBehind = false
                messages = mailbox.receive()
            }
            if policy.flushDelay > .zero { gather(&messages) }
            var batches: [TxnBatch] = []
            for message in messages {
                if case .append(let batch) = message {
                    batches.append(batch)
                    continue
                }
                try append(&batches, report)
                if case .stop = message {
                    return try onLog { () throws(TxnLogError) in try log.close() }
                }
                try carryOut(message, report)
            }
            try append(&batches, report)
        }
    }

    /// Everything that was to be appended before is durable.
    private func carryOut(_ message: Message, _ report: (Report) -> Void) throws(ServerFailure) {
        switch message {
        case .append, .stop: preconditionFailure("handled by who calls this")
        case .roll: log.roll()
        case .purge(let zxid):
            remove(try onStorage { () throws(SyncError) in try storage.release(upTo: zxid) }, upTo: zxid)
        case .writeEpochs(let epochs):
            try onStorage { () throws(SyncError) in try storage.write(epochs) }
            report(.epochsWritten(epochs))
        case .truncate(let zxid, let rebuilds):
            let last = log.lastZxid
            let tree = try onStorage { () throws(SyncError) in
                try storage.truncate(to: zxid, rebuilds: rebuilds)
            }
            logger.info("cut the log at \(zxid): what it had up to \(last) was never acknowledged")
            report(.truncated(to: storage.end, tree.map { LoadedState(tree: $0) }))
        case .install(let link, let zxid, let feed):
            report(try install(feed, link, zxid))
        case .replaceTree(let link, let zxid, let feed):
            report(try replaceTree(feed, link, zxid))
        }
    }

    private func onStorage<T>(_ body: () throws(SyncError) -> T) throws(ServerFailure) -> T {
        do throws(SyncError) {
            return try body()
        } catch {
            throw ServerFailure(error.exitCode, error.description)
        }
    }

    private func onLog<T>(_ body: () throws(TxnLogError) -> T) throws(ServerFailure) -> T {
        do throws(TxnLogError) {
            return try body()
        } catch {
            throw ServerFailure(error.exitCode, error.description)
        }
    }

    /// Waits a little for more to sync at once (`flushDelay`), unless there is enough already or
    /// nothing comes for some time (`maxWriteQueuePollTime`).
    private func gather(_ messages: inout [Message]) {
        let begin = NIODeadline.now()
        while LogThread.txnCount(messages) < policy.maximumBatchTxns {
            guard let wait = policy.wait(elapsed: NIODeadline.now() - begin) else { return }
            let more = mailbox.receive(timeoutSeconds: Double(wait.nanoseconds) / 1e9)
            if more.isEmpty { return }
            messages += more
        }
    }

    private static func txnCount(_ messages: [Message]) -> Int {
        messages.reduce(0) { count, message in
            guard case .append(let batch) = message else { return count }
            return count + batch.count
        }
    }

    private func append(
        _ batches: inout [TxnBatch], _ report: (Report) -> Void
    ) throws(ServerFailure) {
        guard !batches.isEmpty else { return }
        let start = NIODeadline.now()
        isLoneClient = batches.count == 1 && batches[0].count == 1
        let result = try onLog { () throws(TxnLogError) in try log.append(batches) }
        batches.removeAll(keepingCapacity: true)
        isWatermarkBehind = true
        if result.isNewSegment { prepareNextSegment() }
        lastSyncEnd = .now()
        let took = lastSyncEnd - start
        if took > policy.warningThreshold {
            logger.warning(
                "writing and syncing the log took \(took.nanoseconds / 1_000_000) ms: slow disk")
        }
        report(.appended(upTo: storage.end, took: took))
    }

    /// In the background: each file costs a sync of the directory, and the log is not kept waiting
    /// for those. After another one of these and after a segment in preparation, since the pool has
    /// one thread besides the log's.
    private func remove(_ purge: SegmentPurge<PosixDisk>, upTo zxid: Zxid) {
        guard purge.count > 0 else { return }
        pool.submit { [logger] _ in
            do {
                try purge.run()
                logger.info("purged \(purge.count) log segments up to \(zxid)")
            } catch {
                logger.warning("cannot purge log segments up to \(zxid): \(error)")
            }
        }
    }

    /// In the background, so that a roll finds a file whose blocks are there and written.
    private func prepareNextSegment() {
        let preparer = log.segmentPreparer
        pool.submit { [logger] _ in
            do {
                try preparer.prepare()
            } catch {
                // The roll makes its own then, or fails where it counts.
                logger.warning("cannot prepare the next log segment: \(error)")
            }
        }
    }
}

/// `maxBatchSize`, `flushDelay`, `maxWriteQueuePollTime`, `fsync.warningthresholdms`.
package struct GroupCommitPolicy: Sendable {
    package var maximumBatchTxns = 1000
    package var flushDelay = TimeAmount.zero
    package var maximumQueueWait = TimeAmount.zero
    package var warningThreshold: TimeAmount = .seconds(1)

    /// How long to wait for the next write, `elapsed` after the first; nil to sync now.
    package func wait(elapsed: TimeAmount) -> TimeAmount? {
        let wait = min(flushDelay - elapsed, maximumQueueWait)
        return wait > .zero ? wait : nil
    }
}

extension GroupCommitPolicy {
    package init(_ settings: LogSettings) {
        maximumBatchTxns = settings.maxBatchSize
        flushDelay = settings.flushDelay.timeAmount
        maximumQueueWait = settings.maxQueueWait.timeAmount
        warningThreshold = settings.syncWarningThreshold.timeAmount
    }
}

/// A tree on its way from the log's thread to the core.
// SAFETY: `@unchecked`: whoever made it lets go of it.
struct LoadedState: @unchecked Sendable {
    let tree: DataTree
}
