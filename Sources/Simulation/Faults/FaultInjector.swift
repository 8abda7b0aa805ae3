// What goes wrong, and when. Every fault ends by itself; `heal` ends all of them.

import ZKWire

final class FaultInjector {
    private unowned let world: World
    private var chance: Chance
    private(set) var isOver = false

    init(_ world: World, _ chance: Chance) {
        self.world = world
        self.chance = chance
    }

    func start() {
        let rates = world.options.faults
        plan(rates.crash) { [self] in crash() }
        plan(rates.partition) { [self] in partition() }
        plan(rates.leaderCut) { [self] in cutLeader() }
        plan(rates.breakage) { [self] in breakConnection() }
        plan(rates.pause) { [self] in pause() }
        plan(rates.slowDisk) { [self] in slowDisk() }
        plan(rates.clockJump) { [self] in jumpClock() }
        plan(rates.handOver) { [self] in handOver() }
        plan(rates.wipe) { [self] in wipe() }
        plan(rates.diskError) { [self] in failDisk() }
        plan(rates.fullDisk) { [self] in fillDisk() }
        plan(rates.snapshotLoss) { [self] in loseSnapshots() }
    }

    private func plan(_ mean: Span?, _ fault: @escaping () -> Void) {
        guard let mean else { return }
        world.after(Span(nanoseconds: chance.within(0...(2 * mean.nanoseconds)))) { [self] in
            guard !isOver else { return }
            fault()
            plan(mean, fault)
        }
    }

    /// From now on nothing goes wrong, and everything is repaired.
    func heal() {
        isOver = true
        world.network.healAll()
        for machine in world.sortedMachines {
            machine.diskSlowness = 1
            machine.repairDisk()
            machine.process?.goOn()
            machine.process?.dieNever()
            if machine.process == nil { restart(machine, after: .milliseconds(50)) }
        }
    }

    // MARK: Processes

    private func crash() {
        let running = world.sortedMachines.filter { $0.process != nil }
        guard !running.isEmpty else { return }
        // All at once, now and then.
        if chance.oneIn(12) {
            for machine in running { machine.crash() }
            return
        }
        let leading = running.filter { $0.process?.core.peer.role.isEstablishedLeader == true }
        let victim = chance.oneIn(3) && !leading.isEmpty ? chance.pick(leading) : chance.pick(running)
        if chance.percent(50) {
            victim.crash()
        } else {
            victim.process?.dieWithin(effects: chance.below(20))
        }
    }

    /// A leader sends a learner what it lacks: one of them may die before both are in step.
    func synchronizing(_ learner: ServerID, by leader: Machine) {
        guard !isOver, chance.percent(world.options.faults.syncCrashes) else { return }
        let machine = chance.percent(50) ? leader : world.machines[learner]
        world.after(chance.span(.microseconds(100) ... .milliseconds(200))) { [self] in
            if !isOver { machine?.crash() }
        }
    }

    /// A leader begins to send a learner what it has on its disk: the learner may take no more of it
    /// for a while.
    func streaming(to learner: ServerID, by leader: Machine) {
        guard !isOver, chance.percent(world.options.faults.streamStalls),
            let machine = world.machines[learner]
        else { return }
        world.after(chance.span(.microseconds(10) ... .milliseconds(20))) { [self] in
            cut(
                [
                    Path(from: leader.host, to: machine.host),
                    Path(from: machine.host, to: leader.host),
                ], for: chance.span(.seconds(2) ... .seconds(8)))
        }
    }

    /// A process has ended; it comes back.
    func ended(_ machine: Machine) {
        restart(machine, after: isOver ? .milliseconds(50) : chance.span(.milliseconds(20) ... .seconds(8)))
    }

    /// The disk is in trouble: the process cannot start, and is started again later.
    func cannotStart(_ machine: Machine) { restart(machine, after: .milliseconds(500)) }

    private func restart(_ machine: Machine, after delay: Span) {
        world.after(delay) { [self] in
            guard machine.process == nil, world.failure == nil else { return }
            world.figures.starts += 1
            machine.boot()
        }
    }

    private func handOver() {
        for machine in world.sortedMachines {
            guard let process = machine.process,
                process.core.peer.role.isEstablishedLeader
            else { continue }
            world.figures.handOvers += 1
            world.note(machine.host, "is told to hand over")
            process.enter { process.tell(.handOver) }
        }
    }

    private func pause() {
        let running = world.sortedMachines.filter { $0.process != nil }
        guard !running.isEmpty else { return }
        world.figures.pauses += 1
        let machine = chance.pick(running)
        let span = chance.span(.milliseconds(5) ... .seconds(6))
        world.note(machine.host, "pauses for \(span)")
        machine.process?.pause(span)
    }

    // MARK: Machines

    private func slowDisk() {
        let machine = chance.pick(world.sortedMachines)
        machine.diskSlowness = chance.pick([5, 30, 200])
        world.figures.slowDisks += 1
        world.note(machine.host, "has a disk \(machine.diskSlowness) times slower")
        world.after(chance.span(.milliseconds(100) ... .seconds(5))) { machine.diskSlowness = 1 }
    }

    /// The disk of one member is exchanged for an empty one; of one at a time, and only where the
    /// others can still say what was promised.
    private func wipe() {
        guard let machine = expendable() else { return }
        world.figures.wipes += 1
        machine.wipe()
    }

    /// A voter whose disk the others can do without.
    private func expendable() -> Machine? {
        let ghosts = world.options.membership.sortedVoters.map { world.ghost.of($0) }
        guard !world.ghost.committed.isEmpty, ghosts.allSatisfy(\.mayVote) else { return nil }
        let machine = chance.pick(world.sortedMachines)
        return world.options.isObserver(machine.id) ? nil : machine
    }

    /// A process ends, and when it is started again snapshots of it are empty files. Where that is
    /// more than it can do without, it has to refuse to start, and its disk is exchanged.
    private func loseSnapshots() {
        guard let machine = expendable() else { return }
        world.figures.snapshotLosses += 1
        if machine.process != nil { machine.crash() }
        machine.loseSnapshots(all: chance.percent(50))
    }

    /// Some operation of the next ones fails.
    private func failDisk() {
        let running = world.sortedMachines.filter { $0.process != nil }
        guard !running.isEmpty else { return }
        world.figures.diskErrors += 1
        chance.pick(running).failDisk(within: 1 + chance.below(40))
    }

    /// A log is about to be cut.
    func cutting(_ machine: Machine) {
        guard !isOver, chance.percent(world.options.faults.cutFailures) else { return }
        if chance.percent(50) {
            world.figures.diskErrors += 1
            machine.failDisk(within: 1 + chance.below(12))
        } else {
            fill(machine, leaving: 0)
        }
    }

    private func fillDisk() {
        fill(chance.pick(world.sortedMachines), leaving: chance.below(20_000))
    }

    private func fill(_ machine: Machine, leaving bytes: Int) {
        world.figures.fullDisks += 1
        machine.fillDisk(leaving: bytes)
        world.after(chance.span(.milliseconds(200) ... .seconds(5))) { machine.repairDisk() }
    }

    private func jumpClock() {
        let machine = chance.pick(world.sortedMachines)
        machine.wallOffsetMilliseconds = chance.within(-3_600_000...3_600_000)
        world.figures.clockJumps += 1
        world.note(machine.host, "has its clock set")
    }

    // MARK: The network

    private func breakConnection() {
        guard !world.network.sockets.isEmpty else { return }
        world.figures.breakages += 1
        world.network.breakConnection(chance.pick(world.network.sockets))
    }

    private func partition() {
        let servers = world.sortedMachines.map(\.host)
        let clients = world.clients.map(\.host)
        let paths = chance.percent(80) ? cutServers(servers) : cutClients(clients, servers)
        cut(paths, for: chance.span(.milliseconds(50) ... .seconds(8)))
    }

    private func cut(_ paths: [Path], for span: Span) {
        guard !isOver else { return }
        world.figures.partitions += 1
        world.note(nil, "cut for \(span): \(paths.map { "\($0.from) to \($0.to)" })")
        for path in paths { world.network.cut(path) }
        world.after(span) { [self] in for path in paths { world.network.heal(path) } }
    }

    private func cutLeader() {
        guard let leader = leaderHost else { return }
        let others = world.sortedMachines.map(\.host).filter { $0 != leader }
        let paths = others.flatMap { [Path(from: leader, to: $0), Path(from: $0, to: leader)] }
        cut(paths, for: chance.span(.milliseconds(400) ... .seconds(4)))
    }

    private func cutServers(_ servers: [Host]) -> [Path] {
        let isOneWay = chance.percent(30)
        var paths: [Path] = []
        func cut(_ one: Host, _ other: Host) {
            paths.append(Path(from: one, to: other))
            if !isOneWay { paths.append(Path(from: other, to: one)) }
        }
        switch chance.below(3) {
        case 0:  // one of them, as far as the others are concerned
            let one = chance.pick(servers)
            for other in servers where other != one { cut(one, other) }
        case 1:  // a pair: the others see both
            let one = chance.pick(servers)
            let other = chance.pick(servers.filter { $0 != one })
            cut(one, other)
        default:  // two groups
            let left = servers.filter { _ in chance.percent(50) }
            for one in left { for other in servers where !left.contains(other) { cut(one, other) } }
        }
        return paths
    }

    private var leaderHost: Host? {
        world.sortedMachines.first { $0.process?.core.peer.role.isEstablishedLeader == true }?.host
    }

    private func cutClients(_ clients: [Host], _ servers: [Host]) -> [Path] {
        let server = chance.pick(servers)
        return clients.flatMap { client in
            [Path(from: client, to: server), Path(from: server, to: client)]
        }
    }
}
