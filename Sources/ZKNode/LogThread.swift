import Logging
import NIOCore
import NIOPosix
import Storage
import TxnLog
import ZKWire

/// The thread that owns the open log segment: it takes everything that was proposed since its last
/// sync, writes it with one write, syncs once and reports (group commit: under load the batch grows
/// by itself, idle a single write is synced at once).
// SAFETY: `@unchecked`: `log` is touched only by the thread that `start` begins.
final class LogThread: @unchecked Sendable {
    enum Message: Sendable {
        case append(TxnBatch)
        /// Begin a new segment: a snapshot starts here.
        case roll
        /// Everything below is in snapshots that are kept.
        case purge(below: Zxid)
        case stop
    }

    private let log: TxnLog<PosixDisk>
    private let mailbox = Mailbox<Message>()
    private let pool = NIOThreadPool(numberOfThreads: 2)
    private let policy: GroupCommitPolicy
    private let logger: Logger
    private let onFailure: @Sendable (ServerFailure) -> Void

    init(
        log: TxnLog<PosixDisk>, policy: GroupCommitPolicy, logger: Logger,
        onFailure: @escaping @Sendable (ServerFailure) -> Void
    ) {
        self.log = log
        self.policy = policy
        self.logger = logger
        self.onFailure = onFailure
    }

    func append(_ batch: TxnBatch) { mailbox.send(.append(batch)) }
    func roll() { mailbox.send(.roll) }
    func purge(below zxid: Zxid) { mailbox.send(.purge(below: zxid)) }

    /// - Parameter report: called on the log's thread after each sync.
    func start(_ report: @escaping @Sendable (Zxid, UInt32) -> Void) {
        pool.start()
        pool.submit { [self] _ in
            do throws(TxnLogError) {
                try run(report)
            } catch {
                onFailure(ServerFailure(error.exitCode, error.description))
            }
        }
    }

    /// Everything handed over before is durable when it returns.
    func stop() {
        mailbox.send(.stop)
        try? pool.syncShutdownGracefully()
    }

    private func run(_ report: (Zxid, UInt32) -> Void) throws(TxnLogError) {
        while true {
            var messages = mailbox.receive()
            if policy.flushDelaySeconds > 0 { gather(&messages) }
            var batches: [TxnBatch] = []
            for message in messages {
                switch message {
                case .append(let batch): batches.append(batch)
                case .roll:
                    try append(&batches, report)
                    try log.roll()
                case .purge(let zxid):
                    try append(&batches, report)
                    try log.purge(before: zxid)
                case .stop:
                    try append(&batches, report)
                    return try log.close()
                }
            }
            try append(&batches, report)
            prepareNextSegment()
        }
    }

    /// Waits a little for more to sync at once (`flushDelay`), unless there is enough already.
    private func gather(_ messages: inout [Message]) {
        let deadline = NIODeadline.now() + .nanoseconds(Int64(policy.flushDelaySeconds * 1e9))
        while messages.count < policy.maximumBatchTxns {
            let left = deadline - NIODeadline.now()
            guard left > .zero else { return }
            messages += mailbox.receive(timeoutSeconds: Double(left.nanoseconds) / 1e9)
        }
    }

    private func append(
        _ batches: inout [TxnBatch], _ report: (Zxid, UInt32) -> Void
    ) throws(TxnLogError) {
        guard !batches.isEmpty else { return }
        let start = NIODeadline.now()
        let result = try log.append(batches)
        batches.removeAll(keepingCapacity: true)
        let took = NIODeadline.now() - start
        if took > policy.warningThreshold {
            logger.warning(
                "writing and syncing the log took \(took.nanoseconds / 1_000_000) ms: slow disk")
        }
        report(result.durableZxid, result.chainChecksum)
    }
}

/// `maxBatchSize`, `flushDelay`, `fsync.warningthresholdms`.
struct GroupCommitPolicy: Sendable {
    var maximumBatchTxns = 1000
    var flushDelaySeconds = 0.0
    var warningThreshold: TimeAmount = .seconds(1)
}
