// The twins of what the shell puts around the core (`CoreLoop`, `LogThread`, `SnapshotDriver`, the
// ports): the same calls of the engine in the same order, with simulated time between them.

import DataTree
import ServerCore
import Snapshot
import ZKWire
import Zab

final class ServerProcess {
    let life: Life
    private var acting = Effects()
    /// The effects that are still carried out before the process dies.
    private var effectsLeft: Int?
    /// The process dies now, between two effects.
    private let crash: () -> Void

    let log: LogTwin
    let snapshotWriter: SnapshotWriterTwin
    private let snapshots: SnapshotTwin
    let election: ElectionTwin
    let quorum: QuorumTwin
    let clients: ClientPortTwin

    init(_ life: Life, _ storage: RecoveredMachine, crash: @escaping () -> Void) {
        self.life = life
        self.crash = crash
        snapshotWriter = SnapshotWriterTwin(life, storage)
        log = LogTwin(life, storage, snapshotWriter)
        snapshots = SnapshotTwin(life, log, snapshotWriter)
        election = ElectionTwin(life)
        quorum = QuorumTwin(life, storage)
        clients = ClientPortTwin(life)
        for part in [self, life, life.core, life.core.tree, life.hardware.disk, log, quorum]
            as [AnyObject]
        {
            life.run.census?.add(part)
        }
        life.endTurn = { [unowned self] in endTurn() }
        log.onReport = { [unowned self] in logReported($0) }
        snapshotWriter.onReport = { [unowned self] in snapshots.writerReported($0) }
        log.surroundings = LogTwin.Surroundings(
            hasLink: { [unowned self] in quorum.links[$0] != nil },
            leaveLeader: { [unowned self] in quorum.leaveLeader() },
            use: { [unowned self] in
                snapshots.resume(installed: $0, $1)
                quorum.use($1)
            })
        quorum.streamsSnapshot = { [unowned self] in if $0 { log.hold() } else { log.release() } }
        snapshots.watch(life.core.tree)
        clients.handOver = { [unowned self] in handOver() }
    }

    var core: ServerCore { life.core }
    private var run: Run { life.run }
    private var host: Host { life.host }

    func start() {
        log.start()
        life.step(.started)
        endTurn()
        election.start()
        life.tick(every: Span(nanoseconds: min(run.options.tick.nanoseconds / 2, 50_000_000)))
    }

    // MARK: Turns

    /// Carries out the effects in the order that their contract gives.
    private func endTurn() {
        life.step(.turnEnded)
        swap(&acting, &life.effects)
        carryOut(&acting.zab)
        for connection in acting.output where isBoundaryPassed() {
            connection.outputTaken()
            clients.send(connection)
        }
        for (id, _) in acting.close where isBoundaryPassed() { clients.closeAfterOutput(id) }
        for id in acting.pauseReading { clients.setReading(id, false) }
        for id in acting.resumeReading { clients.setReading(id, true) }
        for notice in acting.notices { run.note(host, "\(notice)") }
        if acting.isSnapshotDue, life.isAlive { snapshots.startDue() }
        acting.removeAll()
        if life.isAlive, !life.effects.isEmpty || !core.isTurnEmpty { life.scheduleTurn() }
    }

    private func carryOut(_ zab: inout ZabEffects) {
        handOver(&zab.append)
        for order in zab.storage where isBoundaryPassed() { carryOut(order) }
        for (server, notification) in zab.notify where isBoundaryPassed() {
            election.send(notification, to: server)
        }
        if let leader = zab.connect, isBoundaryPassed() { quorum.connect(to: leader) }
        for link in zab.output where isBoundaryPassed() { quorum.send(link) }
        for order in zab.stream where isBoundaryPassed() { quorum.stream(order) }
        for (link, reason) in zab.close where isBoundaryPassed() {
            if case .outputBound = reason { run.figures.outputBounds += 1 }
            quorum.close(link)
        }
        for notice in zab.notices { run.note(host, notice) }
        if life.isAlive { quorum.keepSearching(core.peer.role) }
    }

    private func handOver() {
        if !life.effects.zab.append.isEmpty { handOver(&life.effects.zab.append) }
    }

    private func handOver(_ batches: inout [TxnBatch]) {
        for batch in batches where isBoundaryPassed() {
            life.ghost.handedOver(batch, by: life.id, core.peer.role, life.now.monotonic)
            log.send(.append(batch))
        }
        batches.removeAll()
    }

    private func carryOut(_ order: StorageOrder) {
        switch order {
        case .writeEpochs(let epochs): log.send(.writeEpochs(epochs))
        case .truncate(let zxid, let rebuilds):
            life.ghost.truncates(to: zxid, life.id)
            run.moments.cutting(life.id)
            snapshots.suspend()
            log.send(.truncate(to: zxid, rebuilds: rebuilds))
        case .install(let link, let zxid): feed(from: link) { .install(link, zxid: zxid, $0) }
        case .replaceTree(let link, let zxid):
            feed(from: link) { .replaceTree(link, zxid: zxid, $0) }
        }
    }

    private func feed(from link: LinkID, to message: (FeedTwin) -> LogTwin.Message) {
        guard let feed = quorum.feed(of: link) else {
            return life.tell(.installFailed(link, reason: "the connection is gone"))
        }
        snapshots.suspend()
        log.send(message(feed))
    }

    // MARK: The disk's answers

    private func logReported(_ report: LogReport) {
        switch report {
        case .appended(let end):
            snapshots.noteAppended(end.zxid, chainChecksum: end.checksum)
            life.step(.zab(.appended(upTo: end.zxid)))
        case .epochsWritten(let epochs): life.step(.zab(.epochsWritten(epochs)))
        case .truncated(let end, let tree):
            if let tree { replaceTree(tree) }
            life.step(.zab(.truncated(to: end.zxid)))
            snapshots.resume(at: end)
        case .installed(let link, let end, let origin, let tree):
            replaceTree(tree)
            life.step(.zab(.installed(link, zxid: end.zxid)))
            snapshots.resume(installed: end, origin)
            quorum.use(origin)
            quorum.snapshotInstalled(link)
        case .treeReplaced(let link, let end, let tree):
            replaceTree(tree)
            life.step(.zab(.installed(link, zxid: end.zxid)))
            snapshots.resume(at: end)
            quorum.snapshotInstalled(link)
        case .installFailed(let link, let reason):
            run.note(host, "the leader's snapshot was not taken: \(reason)")
            quorum.breakOff(link)
            life.step(.zab(.installFailed(link, reason: reason)))
            snapshots.resume()
        }
        endTurn()
    }

    private func replaceTree(_ tree: DataTree) {
        snapshots.watch(tree)
        life.step(.treeReplaced(tree))
    }

    // MARK: Ending

    /// Plans the death at an effect boundary: so many effects are still carried out.
    func dieWithin(effects count: Int) { effectsLeft = count }

    func dieNever() { effectsLeft = nil }

    /// Whether the process lives to carry out the next effect.
    private func isBoundaryPassed() -> Bool {
        guard life.isAlive else { return false }
        guard let left = effectsLeft else { return true }
        effectsLeft = left - 1
        guard left == 0 else { return true }
        crash()
        return false
    }

    /// Does nothing more; what its threads were doing stays as it is.
    func die() {
        life.die()
        snapshots.end()
    }

    /// Dies in the middle of what its threads are doing to the disk.
    func interrupt() {
        log.interrupt(life.hardware.disk)
        snapshotWriter.interrupt(life.hardware.disk)
    }

    /// Lets go of everything.
    func end() {
        log.end()
        snapshotWriter.end()
    }
}
