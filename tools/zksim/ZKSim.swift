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
            """)

    @Option(help: "Run this one.")
    var seed: UInt64?
    @Flag(help: "Print what happens, with its simulated time.")
    var trace = false
    @Option(help: "The first of many.")
    var firstSeed: UInt64 = 1
    @Option(help: "How many.")
    var seeds: UInt64 = 100
    @Option(help: "How many processes run them.")
    var jobs = 1
    @Flag(help: "Run the whole matrix of repairs: every case, with each kind of damage.")
    var par = false
    /// This process runs seeds for another: every so many.
    @Option(help: .hidden)
    var stride: UInt64?

    func validate() throws {
        guard jobs > 0 else { throw ValidationError("--jobs is at least 1") }
        guard seeds > 0 else { throw ValidationError("--seeds is at least 1") }
    }

    func run() throws {
        if par {
            guard try MatrixReport.run() else { throw ExitCode.failure }
        } else if let seed {
            try runOne(seed)
        } else if let stride {
            for offset in Swift.stride(from: 0, to: seeds, by: Int(stride)) {
                Report.run(firstSeed + offset)
            }
        } else {
            var farm = Farm(first: firstSeed, count: seeds, jobs: jobs)
            guard try farm.run() else { throw ExitCode.failure }
        }
    }

    private func runOne(_ seed: UInt64) throws {
        let world = World(.of(seed: seed), trace: trace ? { print($0) } : nil)
        let isGood = world.run()
        print("seed \(seed): \(world.failure ?? "good")")
        print("event hash \(String(world.eventHash, radix: 16)) of \(world.eventCount) events")
        for (name, value) in world.figures.all { print("\(name): \(value)") }
        if !isGood { throw ExitCode.failure }
    }
}
