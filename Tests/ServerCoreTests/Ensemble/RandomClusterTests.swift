import ServerCore
import Testing
import ZKWire
import Zab

@Suite("Random workloads of a cluster under faults")
struct RandomClusterTests {
    @Test(
        "nothing acknowledged is lost, nothing happens twice, all trees are the same",
        arguments: 1...24)
    func workload(seed: UInt64) {
        let run = RandomCluster(seed: seed)
        run.run(steps: 2000)
        run.check()
        let answered = run.clients.reduce(0) { $0 + $1.answeredCount }
        #expect(answered > 50)
    }

    @Test("nor with local sessions, which own nothing that outlives them", arguments: 101...116)
    func localSessions(seed: UInt64) {
        let run = RandomCluster(seed: seed, hasLocalSessions: true)
        run.run(steps: 2000)
        run.check()
        let answered = run.clients.reduce(0) { $0 + $1.answeredCount }
        #expect(answered > 50)
    }

    @Test("the same seed gives the same histories")
    func determinism() {
        let histories = (0..<2).map { _ in
            let run = RandomCluster(seed: 7)
            run.run(steps: 1500)
            return run.cluster.members.map { $0.disk.records.map(\.payload) }
        }
        #expect(histories[0] == histories[1])
    }
}
