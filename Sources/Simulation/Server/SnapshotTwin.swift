// Walks the tree for snapshots in slices between the turns of the loop (`SnapshotDriver`).

import DataTree
import ServerCore
import Snapshot
import TxnLog
import ZKWire

final class SnapshotTwin {
    /// Far smaller than the shell's, so that small trees are walked in several slices too.
    private static let sliceNodes = 8
    private static let sliceBytes = 4096
    private static let maximumPieces = 8

    private let life: Life
    private let log: LogTwin
    private let writer: SnapshotWriterTwin
    private var chance: Chance
    private var walk: SnapshotWalk?
    private(set) var isUnderWay = false
    private var isNextDue = false
    private var chainAtStart: UInt32 = 0
    private var sessionsAtStart = 0
    private var piecesUnderWay = 0
    private var isSliceScheduled = false
    private(set) var isSuspended = false
    private var lastAppended = (zxid: Zxid.zero, chain: UInt32(0))

    init(_ life: Life, _ log: LogTwin, _ writer: SnapshotWriterTwin) {
        self.life = life
        self.log = log
        self.writer = writer
        chance = life.hardware.chance.split()
    }

    func noteAppended(_ zxid: Zxid, chainChecksum: UInt32) { lastAppended = (zxid, chainChecksum) }

    func startDue() { if isUnderWay || isSuspended { isNextDue = true } else { start() } }

    private func start() {
        guard !isUnderWay, !isSuspended else { return }
        isUnderWay = true
        isNextDue = false
        let tree = life.core.tree
        let zxid = life.core.lastProcessedZxid
        let piece = ByteWriter()
        walk = tree.beginWalk(into: piece)
        sessionsAtStart = tree.sessions.count
        chainAtStart = lastAppended.zxid == zxid ? lastAppended.chain : 0
        log.send(.roll)
        writer.send(.begin(startZxid: zxid))
        hand(over: piece)
        life.run.figures.snapshots += 1
        let count = life.run.options.snapshotTxnCount
        life.step(
            .snapshotStarted(
                nextTxnCount: count / 2 + chance.below(count / 2 + 1), nextTxnBytes: .max))
        schedule()
    }

    private func schedule() {
        guard walk != nil, !isSliceScheduled, piecesUnderWay < SnapshotTwin.maximumPieces else {
            return
        }
        isSliceScheduled = true
        life.after(.microseconds(chance.within(20...3000))) { [self] in
            isSliceScheduled = false
            slice()
        }
    }

    private func slice() {
        guard let walk else { return }
        let piece = ByteWriter()
        let hasMore = walk.next(
            maximumBytes: SnapshotTwin.sliceBytes, maximumNodes: SnapshotTwin.sliceNodes,
            into: piece)
        hand(over: piece)
        if hasMore { return schedule() }
        self.walk = nil
        writer.send(
            .finish(
                SnapshotEnd(
                    endZxid: life.core.lastProcessedZxid, chain: chainAtStart,
                    znodeCount: UInt64(walk.visitedCount), sessionCount: UInt64(sessionsAtStart))))
    }

    private func hand(over piece: ByteWriter) {
        piecesUnderWay += 1
        writer.send(.piece(piece))
    }

    // MARK: Another tree

    func suspend() {
        isSuspended = true
        guard let walk else { return }
        walk.end()
        self.walk = nil
        writer.send(.abandon)
        isUnderWay = false
        piecesUnderWay = 0
    }

    func resume(at end: ChainPoint) {
        lastAppended = (end.zxid, end.checksum)
        resume()
    }

    func resume(installed end: ChainPoint, _ origin: SnapshotOrigin) {
        writer.send(.use(origin))
        resume(at: end)
    }

    func resume() {
        isSuspended = false
        if !isUnderWay, isNextDue { start() }
    }

    /// The process is gone: the tree, which knows of the walk, is let go of.
    func end() { walk?.end() }

    // MARK: Reports of the thread

    func writerReported(_ report: SnapshotWriterTwin.Report) {
        switch report {
        case .pieceWritten: pieceWritten()
        case .finished(_, let logFloor): finished(logFloor)
        case .failed:
            walk?.end()
            conclude()
        }
    }

    private func pieceWritten() {
        piecesUnderWay = max(piecesUnderWay - 1, 0)
        schedule()
    }

    private func finished(_ logFloor: Zxid?) {
        conclude()
        if let logFloor { log.send(.purge(below: logFloor)) }
    }

    private func conclude() {
        walk = nil
        isUnderWay = false
        piecesUnderWay = 0
        if isNextDue { start() }
    }
}
