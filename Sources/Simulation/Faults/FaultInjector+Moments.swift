import ZKWire

// Faults at moments that chance alone seldom meets, and those that take something away.
extension FaultInjector {
    private var isOver: Bool { run.areFaultsOver }
    private var rates: FaultRates { run.options.faults }

    private func machine(_ id: ServerID) -> Machine? { machines.first { $0.id == id } }

    /// The leader or the learner may die before both are in step.
    func synchronizing(_ learner: ServerID, by leader: ServerID) {
        guard !isOver, chance.percent(rates.syncCrashes) else { return }
        let victim = machine(chance.percent(50) ? leader : learner)
        run.after(chance.span(.microseconds(100) ... .milliseconds(200))) { [self] in
            if !isOver { victim?.crash() }
        }
    }

    /// Cuts are rare and soon done: the leader or the learner may die at each of their steps.
    func stepped(_ learner: ServerID, of leader: ServerID, by mode: SyncCoverage.Mode) {
        guard mode == .trunc || mode == .truncDiff else { return }
        guard !isOver, chance.percent(rates.cutCrashes) else { return }
        let victim = machine(chance.percent(50) ? leader : learner)
        run.after(chance.span(.microseconds(1) ... .milliseconds(20))) { [self] in
            if !isOver { victim?.crash() }
        }
    }

    /// The learner may take no more of it for a while.
    func streaming(to learner: ServerID, by leader: ServerID) {
        guard !isOver, chance.percent(rates.streamStalls), let learner = machine(learner),
            let leader = machine(leader)
        else { return }
        run.after(chance.span(.microseconds(10) ... .milliseconds(20))) { [self] in
            guard !isOver else { return }
            run.figures.partitions += 1
            let span = chance.span(.seconds(2) ... .seconds(8))
            cut(both([Path(from: leader.host, to: learner.host)]), for: span)
        }
    }

    /// The disk may fail, or be full.
    func cutting(_ id: ServerID) {
        guard !isOver, chance.percent(rates.cutFailures), let machine = machine(id) else { return }
        if chance.percent(50) {
            run.figures.diskErrors += 1
            machine.hardware.failDisk(within: 1 + chance.below(12))
        } else {
            run.figures.fullDisks += 1
            machine.hardware.fillDisk(leaving: 0)
            run.after(chance.span(.milliseconds(200) ... .seconds(5))) {
                machine.hardware.repairDisk()
            }
        }
    }

    /// With clients that have something to ask for. Half of the cuts last until the others have done
    /// with it: then what it has proposed meanwhile has to go.
    func cutLeader() {
        guard let leader = leading?.host else { return }
        run.figures.partitions += 1
        let others = machines.map(\.host).filter { $0 != leader }
        let patience = run.options.tick * Int64(run.options.syncLimit)
        let span =
            chance.percent(50)
            ? chance.span(.milliseconds(400) ... .seconds(4))
            : patience + chance.span(.milliseconds(100) ... .seconds(4))
        run.rush(for: patience)
        cut(both(others.map { Path(from: leader, to: $0) }), for: span)
    }

    /// A process ends, and when it is started again snapshots of it are empty files. Where that is
    /// more than it can do without, it has to refuse to start, and its disk is exchanged: so only
    /// where all voters can still say what was promised.
    func loseSnapshots() {
        let machine = chance.pick(machines)
        let voters = run.options.membership.sortedVoters.map { ghost.of($0) }
        guard !ghost.committed.isEmpty, voters.allSatisfy(\.mayVote),
            !run.options.isObserver(machine.id)
        else { return }
        run.figures.snapshotLosses += 1
        let wasRunning = machine.process != nil
        machine.crash()
        let isWiped = machine.loseSnapshots(all: chance.percent(50))
        if isWiped, !wasRunning { restart(machine, after: .milliseconds(100)) }
    }
}
