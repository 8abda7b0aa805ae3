import Logging
import NIOConcurrencyHelpers
import NIOPosix
import Snapshot
import Storage
import ZKWire

/// The thread that compresses, writes and syncs snapshots and then purges what they replace.
// SAFETY: `@unchecked`: `store` and `origin` are touched only by the one thread of `pool`; a
// snapshot's pieces come in order through the mailbox.
final class SnapshotThread: @unchecked Sendable {
    enum Message: Sendable {
        case begin(startZxid: Zxid)
        case piece(Piece)
        case finish(SnapshotEnd)
        /// The walk was given up.
        case abandon
        /// It is time, whether or not there is a new snapshot.
        case purge
        /// Snapshots belong to another history from now on.
        case use(SnapshotOrigin)
        /// Says when it has come to be.
        case mark(ConditionLock<Bool>)
        case stop
    }

    /// What the thread tells: on its own thread.
    struct Reports: Sendable {
        /// A piece has been taken in: there is room for another.
        var pieceWritten: @Sendable () -> Void
        /// - Parameter logFloor: records up to here are not needed any more.
        var finished: @Sendable (_ zxid: Zxid, _ logFloor: Zxid?) -> Void
        var failed: @Sendable (SnapshotError) -> Void
        /// Old snapshots are gone, without a new one.
        var purged: @Sendable (_ logFloor: Zxid) -> Void
    }

    private var store: SnapshotStore<PosixDisk>
    /// Where the files are.
    let directory: String
    private var origin: SnapshotOrigin
    private let retained: Int?
    private let mailbox = Mailbox<Message>()
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let logger: Logger

    /// - Parameter retained: how many verified snapshots are kept; nil keeps all.
    init(
        store: SnapshotStore<PosixDisk>, origin: SnapshotOrigin, retained: Int?, logger: Logger
    ) {
        self.store = store
        directory = store.directory
        self.origin = origin
        self.retained = retained
        self.logger = logger
    }

    func send(_ message: Message) { mailbox.send(message) }

    func start(_ reports: Reports) {
        pool.start()
        pool.submit { [self] _ in
            giveWay()
            run(reports)
        }
    }

    /// Returns when everything that was handed over before is written or given up. Not for the loop.
    func quiesce() {
        let mark = ConditionLock(value: false)
        send(.mark(mark))
        mark.lock(whenValue: true)
        mark.unlock()
    }

    /// Ends after what was handed over before.
    func stop() {
        mailbox.send(.stop)
        try? pool.syncShutdownGracefully()
    }

    private func run(_ reports: Reports) {
        var waiting: [Message] = []
        while true {
            if waiting.isEmpty { waiting = mailbox.receive() }
            switch waiting.removeFirst() {
            case .begin(let startZxid):
                write(from: startZxid, &waiting, reports)
            case .purge:
                if let floor = purge() { reports.purged(floor) }
            case .use(let origin): self.origin = origin
            case .mark(let mark): SnapshotThread.reach(mark)
            case .stop: return
            case .piece, .finish, .abandon: continue  // of a snapshot that failed
            }
        }
    }

    /// Writes one snapshot to its end. A failure costs this snapshot only: what is on the disk stays
    /// (S-07).
    private func write(from zxid: Zxid, _ waiting: inout [Message], _ reports: Reports) {
        do throws(SnapshotError) {
            var writer = try store.begin(startZxid: zxid, origin: origin)
            while true {
                if waiting.isEmpty { waiting = mailbox.receive() }
                switch waiting.first {
                case .piece(let piece)?:
                    waiting.removeFirst()
                    try writer.append(piece.bytes.view)
                    reports.pieceWritten()
                case .finish(let end)?:
                    waiting.removeFirst()
                    let footer = try writer.finish(end)
                    return reports.finished(footer.startZxid, purge())
                case .abandon?:
                    waiting.removeFirst()
                    return writer.abandon()
                case .purge?: waiting.removeFirst()  // the end of this snapshot brings one
                case .begin?, .use?, .mark?, .stop?, nil:
                    return writer.abandon()
                }
            }
        } catch {
            reports.failed(error)
        }
    }

    private static func reach(_ mark: ConditionLock<Bool>) {
        mark.lock()
        mark.unlock(withValue: true)
    }

    /// - Returns: the log's floor. The new snapshot is there whether or not the old ones go.
    private func purge() -> Zxid? {
        guard let retained else { return nil }
        do throws(SnapshotError) {
            let purge = try store.purge(keeping: retained)
            for name in purge.removed { logger.info("purged \(name.fileName)") }
            for name in purge.damaged { logger.error("\(name.fileName) is damaged; kept aside") }
            return purge.logFloor
        } catch {
            logger.error("old snapshots could not be purged: \(error)")
            return nil
        }
    }
}

/// A part of a snapshot's stream on its way from the core's loop to the snapshot thread.
// SAFETY: `@unchecked`: filled by the core's loop, and only read once it was handed over.
final class Piece: @unchecked Sendable {
    let bytes: ByteWriter
    init(capacity: Int) { bytes = ByteWriter(capacity: capacity) }
}
