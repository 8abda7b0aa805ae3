// Power failures and failing disks around snapshots, purges and starts: whatever is left, the next
// start has everything that was acknowledged.
import DataTree
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

struct CrashTests {
    /// Writes, fuzzy snapshots and a purge of snapshots and log after each; ends with the disk.
    /// Returns the last zxid that was acknowledged.
    private func run(_ disk: SimulatedDisk, seed: UInt64, rounds: Int = 4) -> Int64 {
        var acknowledged: Int64 = 0
        do {
            var server = TestServer(try Start.load(disk, seed: seed), seed: seed)
            var store = server.state.snapshots
            for _ in 0..<rounds {
                try server.run(8)
                acknowledged = server.state.log.lastZxid.rawValue
                try server.snapshot(stepsPerSlice: 1)
                acknowledged = server.state.log.lastZxid.rawValue
                server.state.log.roll()
                let purge = try store.purge(keeping: 2)
                if let floor = purge.logFloor { try server.state.log.purge(before: floor) }
            }
        } catch {
            return acknowledged
        }
        return acknowledged
    }

    /// The tree of an undisturbed run at each zxid.
    private func trees(seed: UInt64) throws -> [Int64: [String]] {
        let disk = SimulatedDisk()
        var server = TestServer(try Start.load(disk, seed: seed), seed: seed)
        server.history = [0: server.tree.dump()]
        for _ in 0..<4 {
            try server.run(8)
            try server.snapshot(stepsPerSlice: 1)
        }
        return server.history ?? [:]
    }

    @Test("S-22, S-23, S-24: a power failure at any operation of snapshot and purge loses nothing")
    func powerFailures() throws {
        for seed in 0..<UInt64(2) {
            let trees = try trees(seed: seed)
            let whole = SimulatedDisk()
            _ = run(whole, seed: seed)
            let operations = whole.operationCount
            try #require(operations > 100)
            for cut in stride(from: 1, through: operations, by: 2) {
                let disk = SimulatedDisk()
                disk.cutPower(at: cut)
                let acknowledged = run(disk, seed: seed)
                for crashed in disk.crashStates(limit: 5, seed: UInt64(cut)) {
                    let state = try Start.load(crashed, seed: 9)
                    let zxid = state.log.lastZxid.rawValue
                    try #require(zxid >= acknowledged, "seed \(seed), operation \(cut)")
                    try #require(
                        state.tree.dump() == trees[zxid], "seed \(seed), operation \(cut)")
                }
            }
        }
    }

    @Test("S-07: a snapshot that fails at any operation leaves the older ones, the server goes on")
    func failingSnapshots() throws {
        for code in [Int32(28), 5] {
            var number = 0
            var hasFailed = true
            while hasFailed {
                number += 1
                let disk = SimulatedDisk()
                var server = TestServer(try Start.load(disk), seed: 4)
                try server.run(20)
                let first = try server.snapshot()
                try server.run(20)
                disk.failOperation(number, with: code)
                do throws(SnapshotError) {
                    // No writes meanwhile, so that the failure is the snapshot's.
                    _ = try server.state.snapshots.write(
                        server.tree, origin: server.origin, chain: 0)
                    hasFailed = false
                } catch {
                    #expect("\(error)".contains("docs/operating/recovering.md#disk-"))
                }
                guard hasFailed else { break }
                let names = try server.state.snapshots.list()
                #expect(names.contains(SnapshotName(zxid: first.startZxid)))
                var store = server.state.snapshots
                #expect(try store.purge(keeping: 3).logFloor == nil)
                try server.run(10)
                let live = server.tree.dump()
                try server.stop()
                let state = try Start.load(disk)
                try #require(state.tree.dump() == live, "operation \(number), errno \(code)")
            }
            #expect(number > 5)
        }
    }

    @Test("A start that fails at any operation changes nothing that the next one needs")
    func failingStarts() throws {
        let disk = SimulatedDisk()
        var server = TestServer(try Start.load(disk), seed: 8)
        for _ in 0..<2 {
            try server.run(30)
            try server.snapshot()
        }
        try server.run(30)
        let live = server.tree.dump()
        var number = 0
        var failures = 0
        while true {
            number += 1
            let copy = disk.afterKill()
            copy.failOperation(number, with: 5)
            let error = Start.failure(copy)
            if error != nil { failures += 1 }
            if copy.operationCount < number { break }
            let state = try Start.load(copy.afterKill())
            try #require(state.tree.dump() == live, "operation \(number)")
        }
        #expect(failures > 5)
    }
}
