// Section 4 of the reliability catalogue, the rows about snapshots: what is fallen back on, what is
// refused, and in which words.
import DataTree
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

struct SnapshotFaultTests {
    /// A directory with three snapshots and some log after the last, and the tree it stands for.
    struct History {
        let disk = SimulatedDisk()
        let live: [String]
        /// Start zxids, oldest first.
        let snapshots: [Zxid]

        init(seed: UInt64 = 7) throws {
            var server = TestServer(try Start.load(disk, seed: seed), seed: seed)
            var zxids: [Zxid] = []
            for _ in 0..<3 {
                try server.run(40)
                zxids.append(try server.snapshot().startZxid)
            }
            try server.run(20)
            live = server.tree.dump()
            snapshots = zxids
            try server.stop()
        }

        func path(_ index: Int) -> String {
            Start.snapshots + "/" + SnapshotName(zxid: snapshots[index]).fileName
        }

        /// Cuts `bytes` off a snapshot's end.
        func cut(_ index: Int, by bytes: Int) {
            guard let content = disk.content(of: path(index)) else { return }
            disk.place(Array(content.dropLast(bytes)), at: path(index))
        }
    }

    @Test("S-18: a snapshot that was cut is passed over for an older one and a longer log")
    func cutSnapshot() throws {
        let history = try History()
        history.cut(2, by: 100)
        let state = try Start.load(history.disk)
        #expect(state.tree.dump() == history.live)
        #expect(state.report.snapshot?.zxid == history.snapshots[1])
        #expect(state.report.skipped.map(\.name) == ["snapshot.\(history.snapshots[2].hex).lz4"])
        #expect(state.report.skipped[0].reason.contains("the footer is missing"))
    }

    @Test("S-19: a snapshot with a flipped bit anywhere is passed over, and leaves nothing behind")
    func damagedSnapshot() throws {
        let history = try History()
        let bytes = try #require(history.disk.content(of: history.path(2)))
        // Within the frame the damage shows only after part of the tree has been built.
        for offset in stride(from: 0, to: bytes.count, by: 37) {
            let disk = history.disk.afterKill()
            disk.corrupt(history.path(2), offset, bits: 0x20)
            let state = try Start.load(disk)
            #expect(state.report.snapshot?.zxid == history.snapshots[1])
            #expect(state.report.skipped.count == 1)
            try #require(state.tree.dump() == history.live, "byte \(offset)")
            state.tree.checkInvariants()
        }
    }

    @Test("S-05: a snapshot that cannot be read is passed over like a damaged one")
    func unreadableSnapshot() throws {
        for range in [0..<10, 200..<201] {
            let history = try History()
            history.disk.failReads(history.path(2), range)
            let state = try Start.load(history.disk)
            #expect(state.tree.dump() == history.live)
            #expect(state.report.snapshot?.zxid == history.snapshots[1])
            #expect(state.report.skipped[0].reason.contains("errno 5"))
        }
    }

    @Test("S-05: a log that cannot be read refuses the start")
    func unreadableLog() throws {
        let history = try History()
        let newest = try #require(try history.disk.list(Start.log).last { $0.hasSuffix(".log") })
        history.disk.failReads(Start.log + "/" + newest, 5000..<5001)
        let error = try #require(Start.failure(history.disk))
        #expect("\(error)".contains("docs/operating/recovering.md#"))
    }

    @Test("S-20: with no usable snapshot, a log from the beginning gives the tree")
    func logAlone() throws {
        let history = try History()
        for index in 0..<3 { history.cut(index, by: 1) }
        let state = try Start.load(history.disk)
        #expect(state.tree.dump() == history.live)
        #expect(state.report.snapshot == nil)
        #expect(state.report.skipped.count == 3)
    }

    @Test("S-21: with no usable snapshot and the log's beginning purged, the start is refused")
    func nothingToStartFrom() throws {
        let history = try History()
        let state = try Start.load(history.disk)
        state.log.roll()
        _ = try state.log.purge(before: history.snapshots[2])
        let first = state.log.startsAfter
        try #require(first > .zero)
        try state.log.close()
        state.lock.release()
        for index in 0..<3 { history.cut(index, by: 1) }
        let before = try history.disk.list(Start.snapshots)
        let error = try #require(Start.failure(history.disk))
        guard case .noUsableSnapshot(Start.snapshots, first, let skipped) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(skipped.count == 3)
        #expect("\(error)".hasSuffix("docs/operating/recovering.md#corrupt-snapshot"))
        #expect(try history.disk.list(Start.snapshots) == before)
    }

    @Test("S-22: what a crash left of a snapshot is removed, and the start goes on")
    func staleTemporary() throws {
        let history = try History()
        history.disk.place([1, 2, 3], at: Start.snapshots + "/snapshot.ffff.lz4.tmp")
        let state = try Start.load(history.disk)
        #expect(state.report.removedTemporaries == ["snapshot.ffff.lz4.tmp"])
        #expect(state.tree.dump() == history.live)
        #expect(!history.disk.exists(Start.snapshots + "/snapshot.ffff.lz4.tmp"))
    }

    @Test("S-29: a snapshot of another ensemble, or of replaced history, is not used")
    func foreignSnapshot() throws {
        for (ensemble, generation) in [(UInt64(0xBAD), UInt32(0)), (Start.ensembleID, 9)] {
            let history = try History()
            let state = try Start.load(history.disk)
            _ = try state.snapshots.write(
                state.tree, origin: SnapshotOrigin(ensembleID: ensemble, generation: generation),
                chain: 0)
            try state.log.close()
            state.lock.release()
            let again = try Start.load(history.disk)
            #expect(again.report.snapshot?.zxid == history.snapshots[2])
            #expect(again.report.skipped.count == 1)
            #expect(again.tree.dump() == history.live)
        }
    }

    @Test("A snapshot of a history that the log does not have is refused by its chain checksum")
    func otherHistory() throws {
        let history = try History()
        let state = try Start.load(history.disk)
        _ = try state.snapshots.write(
            state.tree, origin: SnapshotOrigin(ensembleID: Start.ensembleID, generation: 0),
            chain: state.log.chainChecksum ^ 1)
        var server = TestServer(state, seed: 3)
        try server.run(5)
        try server.stop()
        guard case .log(.otherHistory) = Start.failure(history.disk) else {
            Issue.record("the start was not refused")
            return
        }
    }

    @Test("A whole snapshot whose content is no tree is passed over")
    func badContent() throws {
        let history = try History()
        let state = try Start.load(history.disk)
        let last = state.log.last
        var writer = try state.snapshots.begin(
            startZxid: last.zxid,
            origin: SnapshotOrigin(ensembleID: Start.ensembleID, generation: 0))
        let stream = ByteWriter()
        stream.writeInt32(SnapshotFormat.streamMagic)
        stream.writeInt32(SnapshotFormat.streamVersion)
        stream.writeInt64(-1)
        stream.writeInt32(0)
        stream.writeInt32(0)
        for path in ["", "/orphan/child"] {
            stream.writeString(path)
            stream.writeNullBuffer()
            stream.writeInt64(-1)
            for _ in 0..<15 { stream.writeInt32(0) }
        }
        stream.writeString("/")
        try writer.append(stream.view)
        _ = try writer.finish(
            SnapshotEnd(endZxid: last.zxid, chain: 0, znodeCount: 2, sessionCount: 0))
        try state.log.close()
        state.lock.release()
        let again = try Start.load(history.disk)
        #expect(again.report.skipped.count == 1)
        #expect(again.report.skipped.first?.reason.contains("/orphan/child") == true)
        #expect(again.tree.dump() == history.live)
    }
}
