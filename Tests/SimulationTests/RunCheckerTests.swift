// The checkers that look at whole servers rather than at what a ghost is told: each finds what it is
// there for.

import Simulation
import Testing
import ZKWire
import Zab

@Suite("The checkers of whole runs")
struct RunCheckerTests {
    /// A run without faults, in which one more goes wrong than was planned.
    private func failure(_ change: (inout Options) -> Void, _ prepare: (World) -> Void = { _ in })
        -> String
    {
        var options = Options(seed: 7)
        options.safetySpan = .seconds(3)
        options.faults = .none
        change(&options)
        let world = World(options)
        prepare(world)
        #expect(!world.run())
        return world.failure ?? ""
    }

    @Test("S-01: a start that fails, though nothing was to go wrong with the disk")
    func start() {
        let failure = failure({ _ in }) { $0.failDisks(at: 3) }
        #expect(failure.hasPrefix("S-01"), "\(failure)")
    }

    @Test("S-02: an operation of the storage that fails, though nothing was to")
    func storage() {
        let failure = failure({ _ in }) { $0.failDisks(at: 400) }
        #expect(failure.hasPrefix("S-02"), "\(failure)")
    }

    @Test("P-19: a packet that must not come")
    func packets() {
        let run = Run(Options(seed: 1))
        run.note(
            Host(number: 1), ZabNotice.closed(link(1), .protocolViolation("PROPOSAL before NEWLEADER")))
        #expect(run.failure?.property == "P-19")
    }

    @Test("P-11, P-16: a repair that lacks what was delivered, or has a gap; P-14: lost promises")
    func repair() {
        for (found, property) in [([2], "P-16"), ([], "P-11"), ([1], nil)]
            as [([UInt32], String?)]
        {
            let bench = GhostBench()
            bench.commit(GhostBench.txn(GhostBench.zxid(1, 1)), GhostBench.zxid(1, 1))
            bench.ghost.beginsRepair(bench.follower, hasPromises: true)
            bench.ghost.isRepaired(
                bench.follower, with: found.map { GhostBench.zxid(1, $0) }, after: .zero)
            #expect(bench.violation == property)
        }
        let bench = GhostBench()
        bench.ghost.beginsRepair(bench.follower, hasPromises: false)
        let none = Epoch(rawValue: 0)
        bench.ghost.startsWithoutPromises(bench.follower, Epochs(accepted: none, current: none))
        #expect(bench.violation == "P-14")
    }

    @Test("P-10 does not count on who is damaged")
    func quorum() {
        let bench = GhostBench()
        let zxid = GhostBench.zxid(1, 1)
        bench.commit(GhostBench.txn(zxid), zxid)
        bench.ghost.beginsRepair(bench.follower, hasPromises: true)
        bench.synced(zxid, bench.leader)
        #expect(bench.violation == nil)
        bench.ghost.isRepaired(bench.follower, with: [], after: .zero)
        #expect(bench.violation == "P-11")
    }

    private func link(_ number: UInt64) -> LinkID { LinkID(rawValue: number) }

    @Test("P-21: a start that loads another tree than the history's")
    func trees() throws {
        let canary = try #require(Canary.of(2325))
        let world = World(canary.options(seed: canary.seed))
        #expect(!world.run())
        #expect(world.failure?.hasPrefix("P-21") == true, "\(world.failure ?? "")")
    }

    @Test("P-22: an ensemble that is not there in time")
    func liveness() {
        let failure = failure { $0.livenessBound = .zero }
        #expect(failure.hasPrefix("P-22"), "\(failure)")
    }
}
