// The orders of the protocol as the log's thread carries them out.

import DataTree
import Recovery
import Resync
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire
import Zab

@Suite("A server's history on its disk")
struct HistoryStorageTests {
    private static let promise = Epochs(
        accepted: Epoch(rawValue: 4), current: Epoch(rawValue: 3), isRecovering: true)

    /// A server that has run for some steps, stopped and been started again.
    private func storage(
        _ disk: SimulatedDisk, steps: Int, quiesce: @escaping () -> Void = {}
    ) throws -> HistoryStorage<SimulatedDisk> {
        var server = TestServer(try Start.load(disk), seed: 7)
        try server.run(steps)
        try server.stop()
        return HistoryStorage(
            try Start.load(disk), Recovery(disk, Start.directory, Start.configuration()), seed: 1,
            quiesce: quiesce)
    }

    /// A snapshot as it goes over the wire, the tree that it makes, and something behind it.
    private func wireSnapshot() throws -> (bytes: [UInt8], dump: [String], zxid: Zxid) {
        var leader = TestServer(try Start.load(SimulatedDisk()), seed: 31)
        try leader.run(90)
        let footer = try leader.state.snapshots.write(
            leader.tree, origin: leader.origin, chain: leader.state.log.last.checksum)
        var bytes: [UInt8] = []
        try leader.state.snapshots.reader
            .streamWireForm(SnapshotName(zxid: footer.startZxid)) { bytes += $0 }
        let signature = ByteWriter()
        signature.writeSnapSignature()
        return (bytes + signature.bytes, leader.tree.dump(), footer.startZxid)
    }

    @Test("promises are found by the next start")
    func epochs() throws {
        let disk = SimulatedDisk()
        var storage = try storage(disk, steps: 20)
        try storage.write(Self.promise)
        #expect(try Start.load(disk.crash(seed: 1)).durable().epochs == Self.promise)
    }

    @Test("a cut waits for the snapshot that is being written, and ends where it says")
    func truncate() throws {
        let disk = SimulatedDisk()
        var quiesced = 0
        let storage = try storage(disk, steps: 40) { quiesced += 1 }
        let target = Zxid(rawValue: 25)
        #expect(try storage.truncate(to: target, rebuilds: false) == nil)
        #expect(quiesced == 1)
        #expect(storage.end.zxid == target)
        let tree = try #require(try storage.truncate(to: target, rebuilds: true))
        #expect(tree.lastProcessedZxid == target)
        #expect(tree.dump() == (try Start.load(disk.afterKill())).tree.dump())
    }

    @Test("a leader's snapshot takes the place of everything, whatever its pieces are",
        arguments: [1, 100, 1 << 20])
    func install(_ pieceBytes: Int) throws {
        let (bytes, dump, zxid) = try wireSnapshot()
        let disk = SimulatedDisk()
        var storage = try storage(disk, steps: 20)
        let generation = storage.origin.generation
        try storage.write(Self.promise)
        try storage.beginInstall(zxid: zxid)
        let all = bytes + [1, 2, 3]
        var rest: Int?
        var offset = 0
        while rest == nil, offset < all.count {
            let piece = Array(all[offset..<min(offset + pieceBytes, all.count)])
            offset += piece.count
            rest = try storage.takeInstall(piece)
        }
        #expect(offset - (rest ?? 0) == bytes.count)
        let tree = try storage.finishInstall()
        #expect(tree.dump() == dump)
        #expect(storage.end.zxid == zxid)
        #expect(storage.origin.generation == generation + 1)
        try storage.write(Epochs(accepted: Epoch(rawValue: 4), current: Epoch(rawValue: 4)))
        #expect(try Start.load(disk.crash(seed: 3)).tree.dump() == dump)
    }

    @Test("a crash between the leader's snapshot and the switch to it leaves a server that starts")
    func unswitchedInstall() throws {
        let (bytes, dump, zxid) = try wireSnapshot()
        let disk = SimulatedDisk()
        var storage = try storage(disk, steps: 20)
        try storage.write(Self.promise)
        let store = try #require(try? Start.load(disk.afterKill())).snapshots
        let next = SnapshotOrigin(
            ensembleID: storage.origin.ensembleID, generation: storage.origin.generation + 1)
        var install = try SnapshotInstall(
            SnapshotStore(disk, directory: store.directory, limits: SnapshotLimits()), zxid: zxid,
            origin: next, seed: 1)
        let hasEnded = try bytes.withByteView { (view) throws(SyncError) in
            var input = view
            return try install.consume(&input)
        }
        #expect(hasEnded)
        _ = try install.finish()

        let left = disk.crash(seed: 1)
        let again = try Start.load(left)
        #expect(again.log.lastZxid == .zero)
        #expect(again.tree.lastProcessedZxid == .zero)
        #expect(again.durable().epochs.isRecovering)
        var second = HistoryStorage(
            again, Recovery(left, Start.directory, Start.configuration()), seed: 1, quiesce: {})
        try second.beginInstall(zxid: zxid)
        #expect(try second.takeInstall(bytes) == 0)
        #expect(try second.finishInstall().dump() == dump)
        try second.write(Epochs(accepted: Epoch(rawValue: 4), current: Epoch(rawValue: 4)))
        #expect(try Start.load(left.crash(seed: 2)).tree.dump() == dump)
    }

    @Test("S-22: a death at any moment of an install leaves a server that starts, with nothing of its own")
    func interruptedInstall() throws {
        let (bytes, _, zxid) = try wireSnapshot()
        var isWhole = false
        for operation in 1...100 where !isWhole {
            let disk = SimulatedDisk()
            var storage = try storage(disk, steps: 20)
            try storage.write(Self.promise)
            try storage.beginInstall(zxid: zxid)
            #expect(try storage.takeInstall(bytes) == 0)
            disk.cutPower(at: operation)
            isWhole = (try? storage.finishInstall()) != nil
            for left in [disk.afterKill(), disk.crash(seed: UInt64(operation))] {
                let again = try Start.load(left)
                #expect(again.meta.record?.isRecovering == true)
                #expect(again.log.lastZxid == .zero)
                #expect(again.tree.lastProcessedZxid == .zero)
            }
        }
        #expect(isWhole)
    }

    @Test("a stream that breaks off or lies changes nothing, and another one can follow")
    func vainInstalls() throws {
        let (bytes, dump, zxid) = try wireSnapshot()
        let disk = SimulatedDisk()
        var storage = try storage(disk, steps: 20)
        try storage.write(Self.promise)
        let end = storage.end
        try storage.beginInstall(zxid: zxid)
        #expect(try storage.takeInstall(Array(bytes.prefix(500))) == nil)
        storage.abandonInstall()
        try storage.beginInstall(zxid: zxid)
        var isRefused = false
        do throws(SyncError) {
            _ = try storage.takeInstall([UInt8](repeating: 0xff, count: 500))
        } catch {
            guard case .badStream = error else { throw error }
            isRefused = true
        }
        #expect(isRefused)
        #expect(storage.end == end)
        #expect(try storage.log.reader.segments().isEmpty == false)

        try storage.beginInstall(zxid: zxid)
        #expect(try storage.takeInstall(bytes) == 0)
        #expect(try storage.finishInstall().dump() == dump)
    }
}
