import Simulation
import Testing

@Suite("Ensembles in simulation")
struct SimulationTests {
    @Test("seeds hold every property, with faults and after them", arguments: 1...UInt64(24))
    func seeds(_ seed: UInt64) {
        var options = Options.of(seed: seed)
        options.safetySpan = .seconds(6)
        let world = World(options)
        #expect(world.run(), "seed \(seed): \(world.failure ?? "")")
        #expect(world.figures.writes > 0)
    }

    @Test("members with silent damage repair themselves while everything goes on", arguments: 1...UInt64(8))
    func damage(_ seed: UInt64) {
        var options = Options.rotten(seed: seed)
        options.safetySpan = .seconds(6)
        let world = World(options)
        #expect(world.run(), "seed \(seed): \(world.failure ?? "")")
    }

    @Test("a seed is one run: the same events at the same instants")
    func replay() {
        let hashes = (0..<2).map { _ in
            var options = Options.of(seed: 4)
            options.safetySpan = .seconds(3)
            let world = World(options)
            #expect(world.run())
            return world.eventHash
        }
        #expect(hashes[0] == hashes[1])
    }

    @Test("without faults there is one election, and nobody loses a request")
    func calm() {
        var options = Options(seed: 7)
        options.safetySpan = .seconds(5)
        options.faults = .none
        let world = World(options)
        #expect(world.run(), "\(world.failure ?? "")")
        #expect(world.figures.elections == 1)
        #expect(world.figures.crashes == 0)
        #expect(world.figures.writes > 100)
    }

    @Test("with the weights of the canaries, and without their bugs, nothing is found")
    func sound() {
        for canary in Canary.all {
            var options = canary.withoutDefect(seed: 1)
            options.safetySpan = .seconds(4)
            let world = World(options)
            #expect(world.run(), "\(canary.issue): \(world.failure ?? "")")
        }
    }

    @Test("known bugs are found, each by what it breaks", arguments: [2213: "C-06", 1277: "P-02"])
    func found(_ issue: Int, _ property: String) throws {
        let canary = try #require(Canary.of(issue))
        let world = World(canary.options(seed: canary.seed))
        #expect(!world.run())
        #expect(world.failure?.hasPrefix(property) == true, "\(world.failure ?? "")")
    }

    @Test("each known bug is one, with a number and a bug of its own")
    func list() {
        #expect(Canary.all.count == 24)
        #expect(Set(Canary.all.map(\.issue)).count == 24)
        #expect(Set(Canary.all.map { $0.options(seed: 1).defects }).count == 24)
        #expect(Canary.all.allSatisfy { $0.withoutDefect(seed: 1).defects.isEmpty })
    }

    @Test("the trace tells what happens, with its time")
    func trace() {
        var lines: [String] = []
        var options = Options(seed: 7)
        options.safetySpan = .milliseconds(500)
        options.faults = .none
        let world = World(options, trace: { lines.append($0) })
        #expect(world.run())
        #expect(lines.contains { $0.contains("leading") })
        #expect(lines.contains { $0.contains("is connected with session") })
    }

    @Test("a run leaves nothing in memory")
    func memory() {
        func run(_ options: Options, for span: Span = .seconds(3), repairs: Int = 0) -> Census {
            var options = options
            options.safetySpan = span
            let census = Census()
            let world = World(options, census: census)
            #expect(world.run(), "\(world.failure ?? "")")
            #expect(world.figures.repairs >= repairs)
            return census
        }
        let damaged = run(.rotten(seed: 3), for: .seconds(8), repairs: 1)
        for census in (11...14).map({ run(.of(seed: $0)) }) + [damaged] {
            #expect(census.count > 20)
            #expect(census.left == [])
        }
    }
}
