// What goes wrong, and when. Every fault ends by itself; `heal` ends all of them.

import ZKWire

final class FaultInjector {
    let run: Run
    let network: Network
    let ghost: Ghost
    let machines: [Machine]
    let clients: [Host]
    var chance: Chance
    let atlas: FaultAtlas

    init(
        _ run: Run, _ network: Network, _ ghost: Ghost, _ machines: [Machine], clients: [Host],
        _ chance: Chance
    ) {
        self.run = run
        self.network = network
        self.ghost = ghost
        self.machines = machines
        self.clients = clients
        self.chance = chance
        atlas = FaultAtlas(run, ghost, machines)
    }

    func start() {
        for machine in machines {
            machine.onEnd = { [unowned self, unowned machine] in ended(machine, couldStart: $0) }
        }
        run.moments = Moments(
            synchronizing: { [unowned self] in synchronizing($0, by: $1) },
            streaming: { [unowned self] in streaming(to: $0, by: $1) },
            cutting: { [unowned self] in cutting($0) })
        ghost.coverage.stepped = { [unowned self] in stepped($0, of: $1, by: $2) }
        let rates = run.options.faults
        plan(rates.crash) { [self] in crash() }
        plan(rates.partition) { [self] in partition() }
        plan(rates.portCut) { [self] in cutPort() }
        plan(rates.slowPath) { [self] in slowPath() }
        plan(rates.breakage) { [self] in breakConnection() }
        plan(rates.pause) { [self] in pause() }
        plan(rates.slowDisk) { [self] in slowDisk() }
        plan(rates.clockJump) { [self] in jumpClock() }
        plan(rates.clockDrift) { [self] in driftClock() }
        plan(rates.handOver) { [self] in handOver() }
        plan(rates.wipe) { [self] in wipe() }
        plan(rates.diskError) { [self] in failDisk() }
        plan(rates.fullDisk) { [self] in fillDisk() }
        plan(rates.leaderCut) { [self] in cutLeader() }
        plan(rates.snapshotLoss) { [self] in loseSnapshots() }
        plan(rates.bitRot) { [self] in rot() }
        plan(rates.misdirection) { [self] in misdirect() }
    }

    private func plan(_ mean: Span?, _ fault: @escaping () -> Void) {
        guard let mean else { return }
        run.after(Span(nanoseconds: chance.within(0...(2 * mean.nanoseconds)))) { [self] in
            guard !run.areFaultsOver else { return }
            fault()
            plan(mean, fault)
        }
    }

    /// From now on nothing goes wrong, and everything is repaired.
    func heal() {
        run.areFaultsOver = true
        network.healAll()
        for machine in machines {
            machine.hardware.diskSlowness = 1
            machine.hardware.setClockRate(100)
            machine.hardware.repairDisk()
            machine.process?.life.goOn()
            machine.process?.dieNever()
            // What is wrong with its disk comes to light now.
            if machine.process != nil, machine.hardware.isDamaged { machine.crash() }
            if !machine.isRunning { restart(machine, after: .milliseconds(50)) }
        }
    }

    // MARK: Processes

    private var running: [Machine] { machines.filter(\.isRunning) }

    var leading: Machine? {
        machines.first { $0.process?.core.peer.role.isEstablishedLeader == true }
    }

    /// One, the leader more often than others; several at once; all of them.
    private func crash() {
        let running = running
        guard !running.isEmpty else { return }
        let kind = chance.below(12)
        if kind < 2 {
            let victims = running.filter { _ in kind == 0 || chance.percent(50) }
            if victims.count > 1 { run.figures.massCrashes += 1 }
            for machine in victims { machine.crash() }
            return
        }
        let leader = chance.oneIn(3) ? leading : nil
        let victim = leader ?? chance.pick(running)
        if chance.percent(50) || victim.repair != nil {
            victim.crash()
        } else {
            victim.process?.dieWithin(effects: chance.below(20))
        }
    }

    /// A process has ended and comes back, or its disk is in trouble and it is started again later.
    private func ended(_ machine: Machine, couldStart: Bool) {
        guard couldStart else { return restart(machine, after: .milliseconds(500)) }
        // Sometimes at once, so that a recovery is interrupted by the next crash.
        let usual = chance.span(.milliseconds(20) ... .seconds(8))
        restart(machine, after: run.areFaultsOver ? .milliseconds(50) : usual)
    }

    func restart(_ machine: Machine, after delay: Span) {
        run.after(delay) { [self] in
            guard !machine.isRunning, run.failure == nil else { return }
            run.figures.starts += 1
            machine.boot()
        }
    }

    private func handOver() {
        guard let leading, let process = leading.process else { return }
        run.figures.handOvers += 1
        run.note(leading.host, "is told to hand over")
        process.life.enter { process.life.tell(.handOver) }
    }

    /// One, or now and then all of them.
    private func pause() {
        let running = running
        guard !running.isEmpty else { return }
        let span = chance.span(.milliseconds(5) ... .seconds(6))
        for machine in chance.oneIn(8) ? running : [chance.pick(running)] {
            run.figures.pauses += 1
            run.note(machine.host, "pauses for \(span)")
            machine.process?.life.pause(span)
        }
    }

    // MARK: Machines

    /// Of one, of the leader, or of all but one.
    private func slowDisk() {
        let slowness = chance.pick([5, 30, 200])
        let one = chance.oneIn(3) ? leading ?? chance.pick(machines) : chance.pick(machines)
        let slow = chance.oneIn(5) ? machines.filter { $0 !== one } : [one]
        for machine in slow {
            machine.hardware.diskSlowness = Int64(slowness)
            run.figures.slowDisks += 1
            run.note(machine.host, "has a disk \(slowness) times slower")
        }
        run.after(chance.span(.milliseconds(100) ... .seconds(5))) {
            for machine in slow { machine.hardware.diskSlowness = 1 }
        }
    }

    /// The disk of one member is exchanged for an empty one: of a voter only where all voters can
    /// still say what was promised.
    private func wipe() {
        let machine = chance.pick(machines)
        let voters = run.options.membership.sortedVoters.map { ghost.of($0) }
        let isObserver = run.options.isObserver(machine.id)
        guard !ghost.committed.isEmpty, isObserver || voters.allSatisfy(\.mayVote),
            isObserver || !atlas.isAnyVoterDamaged
        else { return }
        run.figures.wipes += 1
        let wasRunning = machine.isRunning
        machine.wipe()
        if !wasRunning { restart(machine, after: .milliseconds(100)) }
    }

    /// Some operation of the next ones fails.
    private func failDisk() {
        let running = running
        guard !running.isEmpty else { return }
        run.figures.diskErrors += 1
        chance.pick(running).hardware.failDisk(within: 1 + chance.below(40))
    }

    private func fillDisk() {
        let machine = chance.pick(machines)
        run.figures.fullDisks += 1
        machine.hardware.fillDisk(leaving: chance.below(20_000))
        run.after(chance.span(.milliseconds(200) ... .seconds(5))) {
            machine.hardware.repairDisk()
        }
    }

    private func jumpClock() {
        let machine = chance.pick(machines)
        machine.hardware.wallOffsetMilliseconds = chance.within(-3_600_000...3_600_000)
        run.figures.clockJumps += 1
        run.note(machine.host, "has its clock set")
    }

    /// A monotonic clock that runs between half and twice as fast as it should.
    private func driftClock() {
        let machine = chance.pick(machines)
        let rate = chance.pick([Int64(50), 80, 95, 105, 125, 200])
        run.figures.clockDrifts += 1
        run.note(machine.host, "has a clock that runs at \(rate) %")
        machine.hardware.setClockRate(rate)
        run.after(chance.span(.milliseconds(500) ... .seconds(10))) {
            machine.hardware.setClockRate(100)
        }
    }
}
