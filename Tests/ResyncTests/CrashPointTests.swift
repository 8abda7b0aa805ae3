// A power failure at every call of the disk, in every state that it may leave up to a cap, for each
// sequence that has to be durable in its order: the next start finds what was promised, and a history
// that has existed.

import DataTree
import Recovery
import Resync
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire
import Zab

@Suite("Crash points")
struct CrashPointTests {
    private static let old = Epochs(accepted: Epoch(rawValue: 1), current: Epoch(rawValue: 1))
    private static let new = Epochs(accepted: Epoch(rawValue: 2), current: Epoch(rawValue: 2))

    /// What the sequences have been told is durable.
    private struct Facts {
        var acknowledged = Zxid.zero
        var isCut = false
        var epochs: Epochs?
        var isDone = false
    }

    private func server(_ disk: SimulatedDisk, seed: UInt64 = 7) throws -> TestServer<SimulatedDisk> {
        var server = TestServer(try Start.load(disk, seed: 1), seed: seed)
        server.history = [server.state.log.lastZxid.rawValue: server.tree.dump()]
        return server
    }

    private func storage(_ state: RecoveredState<SimulatedDisk>, _ disk: SimulatedDisk)
        -> HistoryStorage<SimulatedDisk>
    {
        HistoryStorage(
            state, Recovery(disk, Start.directory, Start.configuration()), seed: 1, quiesce: {})
    }

    /// The trees that have existed, by their last transaction: of a run that nothing disturbs.
    private final class Trees {
        var byZxid: [Int64: [String]] = [:]
        func add(_ more: [Int64: [String]]?) { byZxid.merge(more ?? [:]) { $1 } }
    }

    /// P-10, P-16 and P-21 of a server by itself.
    private func complaint(
        _ state: RecoveredState<SimulatedDisk>, _ floor: Zxid, _ trees: Trees
    ) throws -> String? {
        if state.log.lastZxid < floor { return "P-10: \(state.log.lastZxid) of \(floor)" }
        if let gap = try state.contiguityComplaint() { return gap }
        let expected = trees.byZxid[state.log.lastZxid.rawValue]
        return state.tree.dump() == expected ? nil : "P-21: another tree at \(state.log.lastZxid)"
    }

    /// Enumerates the crash points of what one server does.
    private func enumerate(
        _ base: SimulatedDisk, atLeast calls: Int,
        _ act: @escaping (inout TestServer<SimulatedDisk>, inout Facts) throws -> Void
    ) throws {
        let trees = Trees()
        func run(_ disk: SimulatedDisk, _ facts: inout Facts, _ trees: Trees?) throws {
            var server = try server(disk)
            defer { trees?.add(server.history) }
            try act(&server, &facts)
        }
        var facts = Facts()
        try run(base.afterKill(), &facts, trees)
        trees.byZxid[0] = trees.byZxid[0] ?? DataTree().dump()
        let points = CrashPoints<Facts>(
            base: base,
            act: { disk, facts in try run(disk, &facts, nil) },
            check: { state, facts in try complaint(state, facts.acknowledged, trees) })
        let counts = try points.enumerate(Facts())
        #expect(counts.calls >= calls && counts.states > counts.calls, "\(counts)")
    }

    /// A server's disk after some steps and an orderly end.
    private func base(_ steps: Int, seed: UInt64 = 3, snapshots: Int = 0) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        var server = TestServer(try Start.load(disk), seed: seed)
        try server.run(steps)
        for _ in 0..<snapshots {
            try server.snapshot(stepsPerSlice: 1)
            server.state.log.roll()
            try server.run(3)
        }
        try server.stop()
        return disk.afterKill()
    }

    @Test("a first start, and the first transactions")
    func firstStart() throws {
        try enumerate(SimulatedDisk(), atLeast: 30) { server, facts in
            for _ in 0..<2 {
                try server.run(1)
                facts.acknowledged = server.state.log.lastZxid
            }
        }
    }

    @Test("append and roll, with a segment that was prepared and one that was not")
    func appendAndRoll() throws {
        try enumerate(try base(6), atLeast: 20) { server, facts in
            for round in 0..<4 {
                if round == 1 { try server.state.log.segmentPreparer.prepare() }
                if round % 2 == 1 { server.state.log.roll() }
                try server.run(2)
                facts.acknowledged = server.state.log.lastZxid
            }
            try server.state.log.flushWatermark()
        }
    }

    @Test("snapshot and purge")
    func snapshotAndPurge() throws {
        try enumerate(try base(8, snapshots: 2), atLeast: 40) { server, facts in
            try server.run(2)
            facts.acknowledged = server.state.log.lastZxid
            try server.snapshot(stepsPerSlice: 1)
            facts.acknowledged = server.state.log.lastZxid
            server.state.log.roll()
            try server.run(1)
            facts.acknowledged = server.state.log.lastZxid
            var store = server.state.snapshots
            if let floor = try store.purge(keeping: 1).logFloor {
                try server.state.log.releaseSegments(before: floor.next).run()
            }
        }
    }

    @Test("TRUNC, and what is appended after it: nothing before the cut goes, nothing after it returns")
    func truncate() throws {
        let disk = try base(10, snapshots: 2)
        let end = try Start.load(disk.afterKill()).log.lastZxid
        let target = Zxid(rawValue: end.rawValue - 5)
        let trees = Trees()
        // Every tree of the history that is cut, and of the one after it.
        for zxid in target.rawValue...end.rawValue {
            let copy = disk.afterKill()
            let state = try Start.load(copy)
            let tree = try storage(state, copy).truncate(to: Zxid(rawValue: zxid), rebuilds: true)
            trees.byZxid[zxid] = tree?.dump()
        }
        func run(_ disk: SimulatedDisk, _ facts: inout Facts, _ trees: Trees?) throws {
            let state = try Start.load(disk, seed: 1)
            let storage = storage(state, disk)
            _ = try storage.truncate(to: target, rebuilds: true)
            facts.isCut = true
            let bytes = ByteWriter()
            let zxid = Zxid(epoch: Epoch(rawValue: 1), counter: 1)
            bytes.writeTxnHeader(
                TxnHeader(
                    session: .none, cxid: 0, zxid: zxid, time: 0, type: OpCode.error.rawValue))
            bytes.writeErrorTxn(-101)
            let batch = TxnBatch()
            batch.append(zxid: zxid, payload: bytes.view)
            batch.freeze()
            _ = try storage.log.append([batch])
            facts.acknowledged = zxid
        }
        let points = CrashPoints<Facts>(
            base: disk, act: { disk, facts in try run(disk, &facts, nil) }
        ) { state, facts in
            let last = state.log.lastZxid
            if let gap = try state.contiguityComplaint() { return gap }
            if last < target { return "P-17: \(last) is left of \(target)" }
            if facts.isCut, last.epoch.rawValue == 0, last > target { return "P-17: \(last) is back" }
            if last < facts.acknowledged { return "P-10: \(last) of \(facts.acknowledged)" }
            guard last.epoch.rawValue == 0 else { return nil }
            return state.tree.dump() == trees.byZxid[last.rawValue] ? nil : "P-21: at \(last)"
        }
        let counts = try points.enumerate(Facts())
        #expect(counts.calls >= 15 && counts.states > counts.calls, "\(counts)")
    }

    @Test("a new epoch: the promise, the history, then the epoch, each durable before the next")
    func epochChange() throws {
        let disk = try base(6)
        let state = try Start.load(disk)
        var before = storage(state, disk)
        try before.write(Self.old)
        try state.log.close()
        state.lock.release()
        let trees = Trees()
        var synced = Zxid.zero
        func run(_ disk: SimulatedDisk, _ facts: inout Facts, _ trees: Trees?) throws {
            var server = try server(disk)
            defer { trees?.add(server.history) }
            var storage = storage(server.state, disk)
            facts.epochs = Self.old
            try storage.write(Epochs(accepted: Self.new.accepted, current: Self.old.current))
            facts.epochs = Epochs(accepted: Self.new.accepted, current: Self.old.current)
            try server.run(3)
            facts.acknowledged = server.state.log.lastZxid
            try storage.write(Self.new)
            facts.epochs = Self.new
            facts.isDone = true
        }
        var whole = Facts()
        try run(disk.afterKill(), &whole, trees)
        synced = whole.acknowledged
        let points = CrashPoints<Facts>(
            base: disk.afterKill(), act: { disk, facts in try run(disk, &facts, nil) }
        ) { state, facts in
            let epochs = state.durable().epochs
            let floor = facts.epochs ?? Self.old
            if epochs.accepted < floor.accepted || epochs.current < floor.current
                || epochs.current > epochs.accepted
            {
                return "P-14: \(epochs) after \(floor)"
            }
            if epochs.current == Self.new.current, state.log.lastZxid < synced {
                return "P-15: \(state.log.lastZxid) of \(synced)"
            }
            return try complaint(state, facts.acknowledged, trees)
        }
        let counts = try points.enumerate(Facts())
        #expect(counts.calls >= 20 && counts.states > counts.calls, "\(counts)")
    }

    @Test("SNAP: the old state, or nothing and no vote, or the leader's state; never part of one")
    func install() throws {
        var leader = TestServer(try Start.load(SimulatedDisk()), seed: 31)
        try leader.run(25)
        let footer = try leader.state.snapshots.write(leader.tree, origin: leader.origin, chain: 0)
        let bytes = ByteWriter()
        try leader.state.snapshots.reader.streamWireForm(SnapshotName(zxid: footer.startZxid)) {
            bytes.writeRaw($0)
        }
        bytes.writeSnapSignature()
        let (snapshot, theirs) = (bytes.bytes, leader.tree.dump())
        let disk = try base(12, seed: 99, snapshots: 1)
        let state = try Start.load(disk)
        let own = state.tree.dump()
        var before = storage(state, disk)
        try before.write(Self.old)
        try state.log.close()
        state.lock.release()
        func run(_ disk: SimulatedDisk, _ facts: inout Facts) throws {
            var storage = storage(try Start.load(disk, seed: 1), disk)
            var promise = Epochs(accepted: Self.new.accepted, current: Self.old.current)
            promise.isRecovering = true
            try storage.write(promise)
            facts.epochs = promise
            try storage.beginInstall(zxid: footer.startZxid)
            for start in stride(from: 0, to: snapshot.count, by: 700) {
                let piece = Array(snapshot[start..<min(start + 700, snapshot.count)])
                _ = try storage.takeInstall(piece)
            }
            _ = try storage.finishInstall()
            try storage.write(Self.new)
            facts.isDone = true
        }
        let points = CrashPoints<Facts>(
            base: disk.afterKill(), act: { disk, facts in try run(disk, &facts) }
        ) { state, facts in
            let epochs = state.durable().epochs
            if facts.isDone, epochs != Self.new { return "P-14: \(epochs)" }
            if epochs.isRecovering {
                let isNothing = state.log.lastZxid == .zero && state.tree.lastProcessedZxid == .zero
                return isNothing ? nil : "P-17: part of a history at \(state.log.lastZxid)"
            }
            if epochs == Self.new { return state.tree.dump() == theirs ? nil : "P-21: not theirs" }
            if facts.epochs != nil { return "P-14: the promise not to vote is lost: \(epochs)" }
            return state.tree.dump() == own ? nil : "P-21: not its own"
        }
        let counts = try points.enumerate(Facts())
        #expect(counts.calls >= 30 && counts.states > counts.calls, "\(counts)")
    }
}
