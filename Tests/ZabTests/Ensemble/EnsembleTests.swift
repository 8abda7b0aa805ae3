import Testing
import ZKWire
import Zab

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
}
