import DataTree
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

/// Starts of a standalone server, the good ones.
struct RecoveryTests {
    @Test("The first start makes the directory and an empty tree, the second finds it")
    func firstStart() throws {
        let disk = SimulatedDisk()
        let first = try Start.load(disk)
        #expect(first.report.start == .create)
        #expect(first.tree.dump() == DataTree(seed: 1).dump())
        #expect(first.meta.record?.ensembleID == Start.ensembleID)
        try first.log.close()
        first.lock.release()
        let second = try Start.load(disk)
        #expect(second.report.start == .resume)
        #expect(second.report.lastZxid == .zero)
    }

    @Test("After any run of writes, snapshots and restarts the tree is the live tree")
    func restarts() throws {
        for seed in 0..<UInt64(60) {
            let disk = SimulatedDisk()
            var random = SplitMix(seed: seed)
            var server = TestServer(try Start.load(disk, seed: seed), seed: seed)
            for round in 0..<4 {
                for _ in 0..<random.below(3) {
                    try server.run(random.below(60))
                    try server.snapshot(stepsPerSlice: random.below(8))
                }
                try server.run(random.below(40))
                let live = server.tree.dump()
                try server.stop()
                let state = try Start.load(disk, seed: seed + 1)
                state.tree.checkInvariants()
                try #require(state.tree.dump() == live, "seed \(seed), round \(round)")
                server = TestServer(state, seed: seed &* 31 &+ UInt64(round))
            }
        }
    }
}
