// One life of a server: the shipping core, and twins of what the shell puts around it (`CoreLoop`,
// `LogThread`, `SnapshotDriver`, the ports): the same calls of the engine in the same order, with
// simulated time between them.
//
//  1. An event is handled at once; the turn ends a little later, as the loop's does.
//  2. A process that is paused handles nothing; what comes meanwhile waits.
//  3. A process that has died does nothing any more, not even what it had begun to carry out.

import DataTree
import ServerCore
import Snapshot
import Storage
import ZKWire
import Zab

final class ServerProcess {
    unowned let world: World
    let machine: Machine
    let core: ServerCore
    private(set) var isAlive = true
    private var pausedUntil: Int64?
    private var backlog: [() -> Void] = []
    var effects = Effects()
    private var acting = Effects()
    private var isTurnScheduled = false
    /// The effects that are still carried out before the process dies.
    private var effectsLeft: Int?

    private(set) var log: LogTwin!
    private(set) var snapshots: SnapshotTwin!
    private(set) var snapshotWriter: SnapshotWriterTwin!
    private(set) var election: ElectionTwin!
    private(set) var quorum: QuorumTwin!
    private(set) var clients: ClientPortTwin!

    init(_ machine: Machine, _ core: ServerCore, _ storage: RecoveredMachine) {
        self.machine = machine
        self.core = core
        world = machine.world
        snapshotWriter = SnapshotWriterTwin(self, storage)
        log = LogTwin(self, storage)
        snapshots = SnapshotTwin(self)
        election = ElectionTwin(self)
        quorum = QuorumTwin(self, storage)
        clients = ClientPortTwin(self)
        snapshots.watch(core.tree)
    }

    var id: ServerID { machine.id }
    var now: Now { machine.now }
    var isPaused: Bool { pausedUntil != nil }
    var defects: KnownDefects { world.options.defects }

    func start() {
        log.start()
        step(.started)
        endTurn()
        election.start()
        planTick()
    }

    // MARK: Time

    func after(_ delay: Span, _ action: @escaping () -> Void) {
        world.after(delay) { [self] in enter(action) }
    }

    /// Something comes to this process: now, or when it runs again.
    func enter(_ action: @escaping () -> Void) {
        guard isAlive else { return }
        if pausedUntil != nil { backlog.append(action) } else { action() }
    }

    func pause(_ span: Span) {
        guard isAlive, pausedUntil == nil else { return }
        let end = world.now + span.nanoseconds
        pausedUntil = end
        machine.expectTrouble(for: span)
        world.after(span) { [self] in
            guard isAlive, pausedUntil == end else { return }
            goOn()
        }
    }

    /// Runs again after a pause.
    func goOn() {
        guard isAlive, pausedUntil != nil else { return }
        pausedUntil = nil
        world.record("resumed", machine.host.number)
        let waiting = backlog
        backlog = []
        for action in waiting { enter(action) }
    }

    private func planTick() {
        let period = min(world.options.tick.nanoseconds / 2, 50_000_000)
        world.after(Span(nanoseconds: period)) { [self] in
            guard isAlive else { return }
            if pausedUntil == nil {
                step(.tick)
                endTurn()
            }
            planTick()
        }
    }

    // MARK: Steps

    func tell(_ event: ZabEvent) {
        step(.zab(event))
        scheduleTurn()
    }

    func step(_ event: Event) {
        guard isAlive else { return }
        core.step(event, now: now, into: &effects)
        world.ghost.observe(self)
    }

    func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        after(.microseconds(world.chance.within(1...30))) { [self] in
            isTurnScheduled = false
            endTurn()
        }
    }

    /// Carries out the effects in the order that their contract gives.
    func endTurn() {
        step(.turnEnded)
        swap(&acting, &effects)
        carryOut(&acting.zab)
        for connection in acting.output where isBoundaryPassed() {
            connection.outputTaken()
            clients.send(connection)
        }
        for (id, _) in acting.close where isBoundaryPassed() { clients.closeAfterOutput(id) }
        for id in acting.pauseReading { clients.setReading(id, false) }
        for id in acting.resumeReading { clients.setReading(id, true) }
        for notice in acting.notices { world.note(machine.host, "\(notice)") }
        if acting.isSnapshotDue, isAlive { snapshots.startDue() }
        acting.removeAll()
        if isAlive, !effects.isEmpty || !core.isTurnEmpty { scheduleTurn() }
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
        for (link, _) in zab.close where isBoundaryPassed() { quorum.close(link) }
        for notice in zab.notices { world.note(machine.host, notice) }
        if isAlive { quorum.keepSearching(core.peer.role) }
    }

    func handOver(_ batches: inout [TxnBatch]) {
        for batch in batches where isBoundaryPassed() {
            world.ghost.handedOver(batch, by: self)
            log.send(.append(batch))
        }
        batches.removeAll()
    }

    private func carryOut(_ order: StorageOrder) {
        switch order {
        case .writeEpochs(let epochs): log.send(.writeEpochs(epochs))
        case .truncate(let zxid, let rebuilds):
            world.ghost.truncates(to: zxid, self)
            world.faults.cutting(machine)
            snapshots.suspend()
            log.send(.truncate(to: zxid, rebuilds: rebuilds))
        case .install(let link, let zxid):
            guard let feed = quorum.feed(of: link) else {
                return tell(.installFailed(link, reason: "the connection is gone"))
            }
            snapshots.suspend()
            log.send(.install(link, zxid: zxid, feed))
        }
    }

    // MARK: The disk's answers

    func logReported(_ report: LogTwin.Report) {
        switch report {
        case .appended(let end):
            snapshots.noteAppended(end.zxid, chainChecksum: end.checksum)
            step(.zab(.appended(upTo: end.zxid)))
        case .epochsWritten(let epochs): step(.zab(.epochsWritten(epochs)))
        case .truncated(let end, let tree):
            if let tree { replaceTree(tree) }
            step(.zab(.truncated(to: end.zxid)))
            snapshots.resume(at: end)
        case .installed(let link, let end, let origin, let tree):
            replaceTree(tree)
            step(.zab(.installed(link, zxid: end.zxid)))
            snapshots.resume(installed: end, origin)
            quorum.use(origin)
            quorum.snapshotInstalled(link)
        case .installFailed(let link, let reason):
            world.note(machine.host, "the leader's snapshot was not taken: \(reason)")
            quorum.breakOff(link)
            step(.zab(.installFailed(link, reason: reason)))
            snapshots.resume()
        }
        endTurn()
    }

    private func replaceTree(_ tree: DataTree) {
        snapshots.watch(tree)
        step(.treeReplaced(tree))
    }

    // MARK: Ending

    /// Plans the death at an effect boundary: so many effects are still carried out.
    func dieWithin(effects count: Int) { effectsLeft = count }

    func dieNever() { effectsLeft = nil }

    /// Whether the process lives to carry out the next effect.
    private func isBoundaryPassed() -> Bool {
        guard isAlive else { return false }
        guard let left = effectsLeft else { return true }
        effectsLeft = left - 1
        guard left == 0 else { return true }
        machine.crash()
        return false
    }

    /// It is no more. What the disk is left with is the machine's affair.
    func die() {
        isAlive = false
        pausedUntil = nil
        backlog.removeAll()
        snapshots.end(with: self)
    }
}
