// A leader's snapshot in the place of the own ones, on a history that stays.

import DataTree
import Recovery
import Resync
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire
import Zab

@Suite("Another tree on the same history")
struct TreeReplacementTests {
    /// A server whose newest snapshot is not what its history makes.
    private struct Patient {
        let disk = SimulatedDisk()
        /// What its history makes.
        let dump: [String]
        let last: Zxid
        /// What a leader with the same history sends, as of `zxid`.
        let wire: [UInt8]
        let zxid: Zxid

        init() throws {
            var server = TestServer(try Start.load(disk), seed: 7)
            try server.run(30)
            let store = server.state.snapshots
            let right = try store.write(
                server.tree, origin: server.origin, chain: server.state.log.last.checksum)
            zxid = right.startZxid
            wire = try Patient.wireForm(store, zxid)
            try server.run(10)
            dump = server.tree.dump()
            last = server.tree.lastProcessedZxid
            try Patient.corrupt(server.tree)
            _ = try store.write(server.tree, origin: server.origin, chain: 0)
            try server.stop()
        }

        /// A znode that no transaction has made.
        private static func corrupt(_ tree: DataTree) throws {
            let header = TxnHeader(
                session: .none, cxid: 0, zxid: tree.lastProcessedZxid, time: 1,
                type: OpCode.create.rawValue)
            let create = TestCreate(
                path: "/wrong", data: [1], acl: ACLEntry.openUnsafe, parentCVersion: 99)
            let bytes = ByteWriter()
            create.encode(into: bytes, kind: .persistent)
            var reader = JuteReader(bytes.view)
            var nobody = NoObserver()
            tree.apply(header, try reader.readTxn(type: header.type), observer: &nobody)
        }

        private static func wireForm(
            _ store: SnapshotStore<SimulatedDisk>, _ zxid: Zxid
        ) throws -> [UInt8] {
            var bytes: [UInt8] = []
            try store.reader.streamWireForm(SnapshotName(zxid: zxid)) { bytes += $0 }
            let signature = ByteWriter()
            signature.writeSnapSignature()
            return bytes + signature.bytes
        }

        func storage(_ disk: SimulatedDisk) throws -> HistoryStorage<SimulatedDisk> {
            HistoryStorage(
                try Start.load(disk), Recovery(disk, Start.directory, Start.configuration()),
                seed: 1, quiesce: {})
        }
    }

    @Test("the tree is the leader's snapshot with the own log, now and at the next start")
    func replaced() throws {
        let patient = try Patient()
        #expect(try Start.load(patient.disk.afterKill()).tree.dump() != patient.dump)
        var storage = try patient.storage(patient.disk)
        let (origin, end) = (storage.origin, storage.end)
        try storage.beginTree(zxid: patient.zxid)
        #expect(try storage.takeInstall(patient.wire) == 0)
        #expect(try storage.finishTree().dump() == patient.dump)
        #expect(storage.origin == origin && storage.end == end)
        let again = try Start.load(patient.disk.crash(seed: 3))
        #expect(again.tree.dump() == patient.dump)
        #expect(again.log.lastZxid == patient.last)
    }

    @Test("a death at any call leaves the history, and a tree that is the old one or the right one")
    func interrupted() throws {
        let patient = try Patient()
        let before = try Start.load(patient.disk.afterKill()).tree.dump()
        var isWhole = false
        for operation in 1...100 where !isWhole {
            let disk = patient.disk.afterKill()
            var storage = try patient.storage(disk)
            try storage.beginTree(zxid: patient.zxid)
            #expect(try storage.takeInstall(patient.wire) == 0)
            disk.cutPower(at: operation)
            isWhole = (try? storage.finishTree()) != nil
            for left in [disk.afterKill(), disk.crash(seed: UInt64(operation))] {
                let again = try Start.load(left)
                #expect(again.log.lastZxid == patient.last)
                let dump = again.tree.dump()
                #expect(dump == patient.dump || !isWhole && dump == before)
            }
        }
        #expect(isWhole)
    }

    @Test("a snapshot that the log does not go on from is refused, and a stream that breaks off changes nothing")
    func vain() throws {
        let patient = try Patient()
        let before = try Start.load(patient.disk.afterKill()).tree.dump()
        var storage = try patient.storage(patient.disk)
        for zxid in [patient.last.next, Zxid(rawValue: Int64.max)] {
            #expect(throws: SyncError.self) { try storage.beginTree(zxid: zxid) }
        }
        try storage.beginTree(zxid: patient.zxid)
        #expect(try storage.takeInstall(Array(patient.wire.prefix(200))) == nil)
        storage.abandonInstall()
        #expect(try Start.load(patient.disk.afterKill()).tree.dump() == before)
    }
}
