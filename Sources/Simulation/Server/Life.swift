// One life of a server as its twins see it: the shipping core, and what lets them act on it.
//
//  1. An event is handled at once; the turn ends a little later, as the loop's does.
//  2. A process that is paused handles nothing; what comes meanwhile waits.
//  3. A process that has died does nothing any more, not even what it had begun to carry out.

import ServerCore
import ZKWire
import Zab

final class Life {
    let run: Run
    let hardware: Hardware
    let ghost: Ghost
    let network: Network
    let core: ServerCore
    /// Which of the machine's lives it is.
    let number: Int
    private(set) var isAlive = true
    private var pausedUntil: Int64?
    private var backlog: [() -> Void] = []
    /// What the core wants, gathered until the turn ends.
    var effects = Effects()
    private var isTurnScheduled = false
    /// The turn is over: carries out what the core wants.
    var endTurn: () -> Void = {}
    /// The engine has met with a failure of the disk, on which a process ends.
    var storageFailed: (String) -> Void = { _ in }

    init(_ hardware: Hardware, _ ghost: Ghost, _ network: Network, _ core: ServerCore, number: Int) {
        run = hardware.run
        self.hardware = hardware
        self.ghost = ghost
        self.network = network
        self.core = core
        self.number = number
    }

    var id: ServerID { hardware.id }
    var host: Host { hardware.host }
    var now: Now { hardware.now }
    var isPaused: Bool { pausedUntil != nil }
    var defects: KnownDefects { run.options.defects }

    func diskTime(syncs: Int64, _ chance: inout Chance) -> Span {
        hardware.diskTime(syncs: syncs, &chance)
    }

    // MARK: Time

    func after(_ delay: Span, _ action: @escaping () -> Void) {
        run.after(delay) { [self] in enter(action) }
    }

    /// Something comes to this process: now, or when it runs again.
    func enter(_ action: @escaping () -> Void) {
        guard isAlive else { return }
        if pausedUntil != nil { backlog.append(action) } else { action() }
    }

    func pause(_ span: Span) {
        guard isAlive, pausedUntil == nil else { return }
        let end = run.now + span.nanoseconds
        pausedUntil = end
        hardware.expectTrouble(for: span)
        run.after(span) { [self] in
            guard isAlive, pausedUntil == end else { return }
            goOn()
        }
    }

    /// Runs again after a pause.
    func goOn() {
        guard isAlive, pausedUntil != nil else { return }
        pausedUntil = nil
        run.record("resumed", host.number)
        let waiting = backlog
        backlog = []
        for action in waiting { enter(action) }
    }

    /// By the machine's own clock. A paused process misses some.
    func tick(every period: Span) {
        run.after(hardware.simulated(period)) { [self] in
            guard isAlive else { return }
            if !isPaused {
                step(.tick)
                endTurn()
            }
            tick(every: period)
        }
    }

    // MARK: Steps

    func tell(_ event: ZabEvent) {
        step(.zab(event))
        scheduleTurn()
    }

    func step(_ event: Event) {
        guard isAlive else { return }
        let now = now
        core.step(event, now: now, into: &effects)
        ghost.observe(standing(now))
    }

    func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        after(.microseconds(run.chance.within(1...30))) { [self] in
            isTurnScheduled = false
            endTurn()
        }
    }

    /// What the server shows of itself.
    private func standing(_ now: Now) -> Standing {
        Standing(
            server: id, life: number, role: core.peer.role, isServing: core.role.isServing,
            applied: core.lastProcessedZxid, assured: core.peer.assured, tree: core.tree,
            now: now.monotonic)
    }

    /// It is no more. What the disk is left with is the machine's affair.
    func die() {
        isAlive = false
        pausedUntil = nil
        backlog.removeAll()
        endTurn = {}
        storageFailed = { _ in }
    }
}
