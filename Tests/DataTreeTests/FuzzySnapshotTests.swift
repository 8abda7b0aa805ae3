import DataTree
import Testing
import ZKWire

@Suite("Fuzzy snapshots")
struct FuzzySnapshotTests {
    /// A walk that began at a random point of a workload and went on in random slices among the
    /// writes, and the tree at some point after its end.
    private struct Run {
        var workload: Workload
        let stream = ByteWriter()
        var startZxid = Zxid.zero

        init(seed: UInt64) {
            workload = Workload(seed: seed)
            for _ in 0..<workload.random.below(200) { workload.step() }
            let walk = workload.tree.beginWalk(into: stream)
            startZxid = walk.startZxid
            var isUnderWay = true
            while isUnderWay {
                for _ in 0..<workload.random.below(12) { workload.step() }
                isUnderWay = walk.next(
                    maximumBytes: workload.random.below(400),
                    maximumNodes: 1 + workload.random.below(3), into: stream)
            }
            for _ in 0..<workload.random.below(30) { workload.step() }
        }
    }

    @Test(
        """
        3125, 3127, 3144, 3145, 3249, 3306: loading a fuzzy snapshot and replaying the log gives the \
        live tree, field by field
        """)
    func replayEndsInLiveTree() throws {
        for seed in 0..<UInt64(800) {
            let run = Run(seed: seed)
            let loaded = try loadSnapshot(run.stream.bytes, zxid: run.startZxid)
            for record in run.workload.history.records where record.header.zxid > run.startZxid {
                loaded.apply(record)
            }
            loaded.checkInvariants()
            try #require(loaded.unresolvedACLCount == 0, "seed \(seed)")
            try #require(difference(loaded, run.workload.tree) == nil, "seed \(seed)")
        }
    }

    @Test("882: replaying from before the snapshot changes nothing: every transaction is idempotent")
    func replayIsIdempotent() throws {
        for seed in 0..<UInt64(200) {
            let run = Run(seed: seed)
            let loaded = try loadSnapshot(run.stream.bytes, zxid: run.startZxid)
            let replayed = run.workload.history.records.filter { $0.header.zxid > run.startZxid }
            for record in replayed + replayed { loaded.apply(record) }
            loaded.checkInvariants()
            try #require(difference(loaded, run.workload.tree) == nil, "seed \(seed)")
        }
    }

    private func difference(_ left: DataTree, _ right: DataTree) -> String? {
        let left = left.dump()
        let right = right.dump()
        guard left != right else { return nil }
        let only = left.filter { !right.contains($0) } + ["-----"]
        return (only + right.filter { !left.contains($0) }).joined(separator: "\n")
    }
}
