import DataTree
import Recovery
import Snapshot
import Storage
import Testing
import ZKNode
import ZKWire

@Suite("A member whose snapshot is sound and wrong", .serialized)
struct TreeReplacementTests {
    /// Writes a snapshot of what a server that does not run has, with a znode more.
    private func corrupt(_ id: Int, of ensemble: TestEnsemble) throws {
        let directory = DataDirectory(ensemble.dataDirectory(of: id))
        let configuration = RecoveryConfiguration(
            serverID: ServerID(rawValue: Int64(id)), newEnsembleID: 0, seed: 1)
        let state = try Recovery(PosixDisk(), directory, configuration).load()
        defer { state.lock.release() }
        let bytes = ByteWriter()
        let acl = ByteWriter()
        acl.writeACL(ACLEntry.openUnsafe)
        "/wrong".withByteView { path in
            bytes.writeCreateTxn(
                CreateTxn(
                    path: path, data: path, acl: acl.view, kind: .persistent, parentCVersion: 99))
        }
        let header = TxnHeader(
            session: .none, cxid: 0, zxid: state.tree.lastProcessedZxid, time: 1,
            type: OpCode.create.rawValue)
        var reader = JuteReader(bytes.view)
        var nobody = NoObserver()
        state.tree.apply(header, try reader.readTxn(type: header.type), observer: &nobody)
        let record = try #require(state.meta.record)
        let origin = SnapshotOrigin(
            ensembleID: record.ensembleID, generation: record.baseGeneration)
        _ = try state.snapshots.write(state.tree, origin: origin, chain: 0)
        try state.log.close()
    }

    @Test("it is found by its digest, loaded again in vain, and put right by the leader's snapshot")
    func resynchronized() throws {
        let ensemble = TestEnsemble(3)
        defer { ensemble.stopAll() }
        try ensemble.startAll()
        let leader = try #require(ensemble.settle())
        let patient = leader % 3 + 1
        let client = try ensemble.client(of: leader)
        client.create("/before")
        #expect(try client.reply().error == .ok)
        #expect(eventually { ensemble.has(patient, "/before") })
        ensemble.stop(patient)
        try corrupt(patient, of: ensemble)
        try ensemble.start(patient)
        #expect(ensemble.settle() == leader)

        var number = 0
        #expect(
            eventually(within: 30) {
                number += 1
                client.create("/n\(number)")
                guard (try? client.reply().error) == .ok else { return false }
                return ensemble.mode(patient) == "follower" && !ensemble.has(patient, "/wrong")
                    && ensemble.has(patient, "/n\(number)")
            })
        #expect(ensemble.leader() == leader)
        let mismatches = ensemble.ask(patient, "mntr").split(separator: "\n")
            .first { $0.hasPrefix("zk_digest_mismatches_count\t") }
            .flatMap { Int($0.split(separator: "\t")[1]) }
        #expect(mismatches ?? 0 >= 2)

        // So it is on the disk.
        ensemble.stopAbruptly(patient)
        try ensemble.start(patient)
        #expect(ensemble.settle() == leader)
        #expect(ensemble.has(patient, "/before") && !ensemble.has(patient, "/wrong"))
        client.create("/after")
        #expect(try client.reply().error == .ok)
        #expect(eventually { ensemble.has(patient, "/after") })
        #expect(ensemble.ask(patient, "mntr").contains("zk_digest_mismatches_count\t0\n"))
    }
}
