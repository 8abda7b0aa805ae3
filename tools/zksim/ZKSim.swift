// zksim: runs of a simulated ensemble. One seed is one run and can be replayed; many seeds are run by
// several processes, so that a failed check of the server's own, which ends its process, is a failure
// of that seed like any other. docs/simulation.md says how to read what it prints.

import ArgumentParser
import Simulation

@main
struct ZKSim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zksim",
        abstract: "Run whole ensembles on a simulated network, simulated disks and clocks.",
        discussion: """
            zksim --seed 42 --trace            one run, everything that happens in it
            zksim --first-seed 1 --seeds 500   many; fails if any seed does, and names it
            zksim --rot --seeds 100            each with bit rot or misdirected writes
            zksim --canaries                   known bugs put back; fails if one is not found
            zksim --canary 4646 --seed 7       one run with one of them
            """)

    @Option(help: "Run this one.")
    var seed: UInt64?
    @Flag(help: "Print what happens, with its simulated time.")
    var trace = false
    @Option(help: "The first of many (default: 1).")
    var firstSeed: UInt64?
    @Option(help: "How many.")
    var seeds: UInt64 = 100
    @Option(help: "How many processes run them.")
    var jobs = 1
    @Flag(help: "Put back each known bug of ZooKeeper in turn, and run seeds until one fails.")
    var canaries = false
    @Option(help: "Put back this one: the number of its issue.")
    var canary: Int?
    @Flag(help: "The runs of --canary without the bug: all of them have to be good.")
    var sound = false
    @Flag(help: "Look for canaries in the runs that seeds stand for without them.")
    var plain = false
    @Option(help: "Seconds of a processor within which each canary has to be found.")
    var budget = 120
    @Flag(help: "Runs with bit rot or misdirected writes, whatever the seeds stand for otherwise.")
    var rot = false
    @Flag(help: "Run the whole matrix of repairs: every case, with each kind of damage.")
    var par = false
    /// This process runs seeds for another: every so many.
    @Option(help: .hidden)
    var stride: UInt64?

    func validate() throws {
        guard jobs > 0 else { throw ValidationError("--jobs is at least 1") }
        guard seeds > 0 else { throw ValidationError("--seeds is at least 1") }
        guard !sound || canary != nil else { throw ValidationError("--sound goes with --canary") }
        guard let canary, Canary.of(canary) == nil else { return }
        let known = Canary.all.map { "\($0.issue)" }.joined(separator: ", ")
        throw ValidationError("there is no canary \(canary); there are \(known)")
    }

    func run() throws {
        if par {
            guard try MatrixReport.run() else { throw ExitCode.failure }
        } else if let seed {
            try runOne(options(seed))
        } else if let stride {
            for offset in Swift.stride(from: 0, to: seeds, by: Int(stride)) {
                Report.run(options((firstSeed ?? 1) + offset))
            }
        } else if canaries {
            try hunt(Canary.all)
        } else if let canary = canary.flatMap({ Canary.of($0) }), !sound {
            try hunt([canary])
        } else {
            let subject = canary.map { ["--canary", "\($0)", "--sound"] } ?? (rot ? ["--rot"] : [])
            var farm = Farm(first: firstSeed ?? 1, count: seeds, jobs: jobs, subject: subject)
            guard try farm.run() else { throw ExitCode.failure }
        }
    }

    private func hunt(_ canaries: [Canary]) throws {
        var hunt = CanaryHunt(
            canaries, first: firstSeed, jobs: jobs, budget: budget, isPlain: plain)
        guard try hunt.run() else { throw ExitCode.failure }
    }

    private func options(_ seed: UInt64) -> Options {
        guard let canary = canary.flatMap({ Canary.of($0) }) else {
            return rot ? .rotten(seed: seed) : .of(seed: seed)
        }
        return sound ? canary.withoutDefect(seed: seed) : canary.options(seed: seed, isPlain: plain)
    }

    private func runOne(_ options: Options) throws {
        let world = World(options, trace: trace ? { print($0) } : nil)
        let isGood = world.run()
        print("seed \(options.seed): \(world.failure ?? "good")")
        print("event hash \(String(world.eventHash, radix: 16)) of \(world.eventCount) events")
        for (name, value) in world.figures.all { print("\(name): \(value)") }
        if !isGood { throw ExitCode.failure }
    }
}
