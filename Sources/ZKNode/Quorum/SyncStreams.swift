import Logging
import NIOCore
import NIOPosix
import Resync
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// Sends learners what they lack from this server's disk, each on a thread of a small pool: a
/// learner that takes its time keeps one of them waiting and nobody else.
// SAFETY: `@unchecked`: `sync` is touched only on the core's loop.
final class SyncStreams: @unchecked Sendable {
    /// Learners that are sent history at once; others wait for their turn.
    private static let threadCount = 8

    /// After each piece as much time is left to everybody else as it took, but no more than this: a
    /// learner that takes everything at once keeps a processor busy, its own or this server's.
    private static let longestPause = TimeAmount.milliseconds(20)

    private let pool = NIOThreadPool(numberOfThreads: threadCount)
    private let log: TxnLogReader<PosixDisk>
    private let store: SnapshotStore<PosixDisk>
    private var sync: LearnerSync<PosixDisk>
    /// A learner that takes nothing for so long is given up.
    private let stallLimit: TimeAmount

    init(
        log: TxnLogReader<PosixDisk>, store: SnapshotStore<PosixDisk>, origin: SnapshotOrigin,
        stallLimit: TimeAmount
    ) {
        self.stallLimit = stallLimit
        self.log = log
        self.store = store
        sync = LearnerSync(log: log, store: store, origin: origin)
        pool.start()
    }

    /// A leader's state has taken the place of this server's.
    func use(_ origin: SnapshotOrigin) {
        sync = LearnerSync(log: log, store: store, origin: origin)
    }

    /// - Parameters:
    ///   - isPaced: others are served meanwhile, and are not to notice.
    ///   - done: called on the channel's loop; how far the learner was sent, and how.
    func start(
        _ order: SyncOrder, _ channel: any Channel, isPaced: Bool,
        _ done: @escaping @Sendable (Result<SyncOutcome, SyncFailure>) -> Void
    ) {
        pool.submit { [sync, stallLimit] state in
            guard state == .active else { return }
            giveWay()
            let pace = isPaced ? SyncStreams.longestPause : .zero
            let result = SyncStreams.run(sync, order, channel, stallLimit, pace)
            channel.eventLoop.execute { done(result) }
        }
    }

    /// Blocks until the learner has all of it in its socket.
    private static func run(
        _ sync: LearnerSync<PosixDisk>, _ order: SyncOrder, _ channel: any Channel,
        _ stallLimit: TimeAmount, _ longestPause: TimeAmount
    ) -> Result<SyncOutcome, SyncFailure> {
        do {
            let plan = try sync.send(
                after: order.after, upTo: order.upTo, isFirst: order.isFirst,
                isTreeWanted: order.isTreeWanted, apacheEpochStart: order.apacheEpochStart
            ) { packets in
                let begin = NIODeadline.now()
                let stall = channel.eventLoop.scheduleTask(in: stallLimit) {
                    channel.close(promise: nil)
                }
                defer { stall.cancel() }
                try channel.writeAndFlush(ByteBuffer(bytes: packets)).wait()
                pause(min(NIODeadline.now() - begin, longestPause))
            }
            return .success(SyncOutcome(order, plan))
        } catch {
            return .failure(SyncFailure(description: "\(error)"))
        }
    }

    /// After the learners' connections are closed.
    func stop() { try? pool.syncShutdownGracefully() }
}

/// How a stream has ended.
struct SyncOutcome: Sendable {
    let upTo: Zxid
    /// How it began; nil if it went on from an earlier one.
    let mode: SyncMode?

    init(_ order: SyncOrder, _ plan: SyncPlan?) {
        upTo = order.upTo
        switch plan {
        case .diff: mode = .diff
        case .truncate: mode = .trunc
        case .snapshot: mode = .snap
        case nil: mode = nil
        }
    }
}

struct SyncFailure: Error, Sendable {
    let description: String
}
