import DataTree
import Logging
import NIOCore
import ServerCore
import Snapshot
import TxnLog
import ZKWire

/// Walks the tree for a snapshot in slices between the turns of the core's loop, so that nobody
/// waits for it. Confined to that loop.
// SAFETY: `@unchecked`: confined to the core's event loop.
final class SnapshotDriver: @unchecked Sendable {
    /// A slice: what is encoded before requests have their turn again. Measured: 0.05 ms for 256 KiB
    /// and some 35 ns for a znode, so that a slice stays below a quarter of a millisecond.
    private static let sliceBytes = 512 * 1024
    private static let sliceNodes = 4096
    /// Pieces that may wait for the snapshot thread: a slow disk slows the walk and nothing else.
    private static let maximumPieces = 8

    private let thread: SnapshotThread
    private let policy: SnapshotPolicy
    private let logger: Logger
    /// nil once it is through, though the thread may still be writing.
    private var walk: SnapshotWalk?
    private(set) var isUnderWay = false
    /// Enough for another one was applied while this one is under way.
    private var isNextDue = false
    private var chainAtStart: UInt32 = 0
    /// The stream's sessions are those of the moment when the walk began; the footer counts them.
    private var sessionsAtStart = 0
    private var piecesUnderWay = 0
    private var bytesWalked = 0
    private var isSliceScheduled = false
    /// Another tree is about to take the place of this one.
    private(set) var isSuspended = false
    private var startedAt = NIODeadline.now()
    private var random = SystemRandomNumberGenerator()
    private var lastAppended = (zxid: Zxid.zero, chain: UInt32(0))
    /// Called once, when the snapshot under way has been written or has failed.
    private var completions: [Completion] = []
    /// Wait for the snapshot after the one under way.
    private var queued: [Completion] = []
    /// The zxid of the newest snapshot on the disk.
    private(set) var lastSnapshot: Zxid?

    /// The zxid of a snapshot that is durable, or why there is none.
    typealias Completion = (Result<Zxid, SnapshotError>) -> Void

    /// Where the files are.
    var directory: String { thread.directory }

    init(thread: SnapshotThread, policy: SnapshotPolicy, recovered: Zxid?, logger: Logger) {
        self.thread = thread
        self.policy = policy
        self.logger = logger
        lastSnapshot = recovered
    }

    /// The log has told which checksum its chain has at `zxid`.
    func noteAppended(_ zxid: Zxid, chainChecksum: UInt32) { lastAppended = (zxid, chainChecksum) }

    /// Enough was applied since the last snapshot began. The core says it once: if one is still
    /// under way, the next begins when that has ended.
    func startDue(_ loop: CoreLoop) {
        if isUnderWay || isSuspended { isNextDue = true } else { start(loop) }
    }

    /// Begins a snapshot of the tree as it is now, unless one is under way.
    func start(_ loop: CoreLoop, completion: Completion? = nil) {
        if let completion { completions.append(completion) }
        guard !isUnderWay, !isSuspended else { return }
        isUnderWay = true
        isNextDue = false
        let zxid = loop.core.lastProcessedZxid
        let piece = Piece(capacity: SnapshotDriver.sliceBytes)
        walk = loop.core.tree.beginWalk(into: piece.bytes)
        sessionsAtStart = loop.core.tree.sessions.count
        chainAtStart = lastAppended.zxid == zxid ? lastAppended.chain : 0
        startedAt = .now()
        bytesWalked = 0
        loop.log.roll()
        thread.send(.begin(startZxid: zxid))
        hand(over: piece)
        let next = policy.next(&random)
        loop.step(.snapshotStarted(nextTxnCount: next.txns, nextTxnBytes: next.bytes))
        schedule(loop)
    }

    /// Takes a snapshot that begins now, or when the one under way has ended: unlike `start`, never
    /// one that began earlier.
    func startAnew(_ loop: CoreLoop, completion: @escaping Completion) {
        if isUnderWay {
            queued.append(completion)
        } else {
            start(loop, completion: completion)
        }
    }

    /// The next slice has its turn after the requests that are ready.
    private func schedule(_ loop: CoreLoop) {
        guard walk != nil, !isSliceScheduled, piecesUnderWay < SnapshotDriver.maximumPieces else {
            return
        }
        isSliceScheduled = true
        loop.eventLoop.assumeIsolatedUnsafeUnchecked().execute { [self] in
            isSliceScheduled = false
            slice(loop)
        }
    }

    private func slice(_ loop: CoreLoop) {
        guard let walk else { return }
        let piece = Piece(capacity: SnapshotDriver.sliceBytes + 4096)
        let hasMore = walk.next(
            maximumBytes: SnapshotDriver.sliceBytes, maximumNodes: SnapshotDriver.sliceNodes,
            into: piece.bytes)
        hand(over: piece)
        if hasMore { return schedule(loop) }
        self.walk = nil
        loop.step(.snapshotWalked(bytes: bytesWalked))
        // Applied is durable here, so the log on the disk reaches the end already.
        thread.send(
            .finish(
                SnapshotEnd(
                    endZxid: loop.core.lastProcessedZxid, chain: chainAtStart,
                    znodeCount: UInt64(walk.visitedCount),
                    sessionCount: UInt64(sessionsAtStart))))
    }

    private func hand(over piece: Piece) {
        piecesUnderWay += 1
        bytesWalked += piece.bytes.count
        thread.send(.piece(piece))
    }

    // MARK: Another tree

    /// The history is about to be cut, or to be replaced: what is being written of the present tree
    /// is given up, and nothing new begins until `resume`.
    func suspend() {
        isSuspended = true
        guard let walk else { return }
        // What the thread has begun to finish it finishes; whoever changes the files waits for it.
        walk.end()
        self.walk = nil
        thread.send(.abandon)
        isUnderWay = false
        piecesUnderWay = 0
        logger.info("gave up a snapshot: the history that it is of is about to change")
    }

    /// The log ends elsewhere now.
    func resume(at end: ChainPoint, _ loop: CoreLoop) {
        lastAppended = (end.zxid, end.checksum)
        resume(loop)
    }

    /// A leader's snapshot is in the place of everything.
    /// - Parameter origin: what snapshots belong to from now on.
    func resume(installed end: ChainPoint, _ origin: SnapshotOrigin, _ loop: CoreLoop) {
        thread.send(.use(origin))
        lastSnapshot = end.zxid
        resume(at: end, loop)
    }

    /// Nothing has changed.
    func resume(_ loop: CoreLoop) {
        isSuspended = false
        if !isUnderWay, isNextDue || !completions.isEmpty { start(loop) }
    }

    // MARK: Reports of the thread, back on the loop

    func pieceWritten(_ loop: CoreLoop) {
        // One of a snapshot that was given up may come late.
        piecesUnderWay = max(piecesUnderWay - 1, 0)
        schedule(loop)
    }

    func finished(_ zxid: Zxid, logFloor: Zxid?, _ loop: CoreLoop) {
        lastSnapshot = zxid
        let took = NIODeadline.now() - startedAt
        loop.snapshotWritten(took: took)
        logger.info("wrote snapshot.\(zxid.hex).lz4 in \(took.nanoseconds / 1_000_000) ms")
        // Whoever asked for it has it, whatever becomes of the purge.
        end(.success(zxid), loop)
        if let logFloor { loop.log.purge(below: logFloor) }
    }

    func failed(_ error: SnapshotError, _ loop: CoreLoop) {
        logger.error("no snapshot was written, the older ones and the log stay: \(error)")
        walk?.end()
        end(.failure(error), loop)
    }

    private func end(_ result: Result<Zxid, SnapshotError>, _ loop: CoreLoop) {
        walk = nil
        isUnderWay = false
        piecesUnderWay = 0
        let done = completions
        completions = queued
        queued = []
        for completion in done { completion(result) }
        if isNextDue || !completions.isEmpty { start(loop) }
    }
}

/// When a snapshot is due (`snapCount`, `snapSizeLimitInKb`): after between half of the number and
/// all of it, so that the members of an ensemble do not all take theirs at once.
struct SnapshotPolicy: Sendable {
    var txnCount: Int
    /// 0 is no limit.
    var txnBytes: Int

    func next(_ random: inout some RandomNumberGenerator) -> (txns: Int, bytes: Int) {
        let txns = Int.random(in: max(txnCount / 2, 1)...max(txnCount, 1), using: &random)
        guard txnBytes > 0 else { return (txns, .max) }
        return (txns, Int.random(in: max(txnBytes / 2, 1)...txnBytes, using: &random))
    }
}
