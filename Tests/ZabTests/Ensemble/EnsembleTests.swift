import Testing
import ZKWire
import Zab

#if canImport(Glibc)
    import Glibc
#endif

@Suite("An ensemble")
struct EnsembleTests {
    @Test("Three servers elect a leader, and what it proposes is on all of them")
    func broadcast() throws {
        let ensemble = Ensemble(.init(), seed: 1)
        ensemble.startAll()
        ensemble.run(milliseconds: 1000)
        let leader = try #require(ensemble.leader)
        ensemble.proposeTurn(leader, count: 10)
        ensemble.run(milliseconds: 100)
        for server in ensemble.servers { #expect(server.tree.count == 10) }
    }

    @Test("A run is the same each time")
    func determinism() {
        for seed in UInt64(1)...6 {
            let digests = (0..<2).map { _ in
                let swarm = Swarm(seed: seed)
                swarm.run(milliseconds: 1500)
                return swarm.ensemble.digest
            }
            #expect(digests[0] == digests[1], "seed \(seed)")
        }
    }

    /// As many more as the environment asks for, from a seed on.
    private static let seeds: Range<UInt64> = {
        let number = { (name: String) in getenv(name).flatMap { UInt64(String(cString: $0)) } }
        let first = number("ZAB_FIRST_SEED") ?? 1
        return first..<(first + (number("ZAB_SEEDS") ?? 120))
    }()

    @Test("Under faults nothing committed is lost, and when they end everybody serves again")
    func swarm() {
        var counts: [String: Int] = [:]
        for seed in EnsembleTests.seeds {
            let swarm = Swarm(seed: seed)
            swarm.ensemble.traces = getenv("ZAB_TRACE") != nil
            withKnownSeed(seed) { swarm.run(milliseconds: 3000) }
            counts.merge(swarm.ensemble.ghost.counts) { $0 + $1 }
        }
        if getenv("ZAB_COUNTS") != nil {
            for (what, count) in counts.sorted(by: { $0.key < $1.key }) { print(what, count) }
        }
        for what in ["diff", "trunc", "snap", "established", "confirmed", "shortened"] {
            #expect(counts[what, default: 0] > 0, "no seed had \(what)")
        }
    }

    /// Says which seed it was if something fails.
    private func withKnownSeed(_ seed: UInt64, _ body: () -> Void) {
        withKnownIssue("seed \(seed)", isIntermittent: true) { body() } matching: { issue in
            print("seed \(seed): \(issue)")
            return false
        }
    }
}
