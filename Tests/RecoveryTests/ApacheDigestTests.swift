import DataTree
import Recovery
import Snapshot
import Storage
import Testing
import ZKWire

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The digest of the tree against the digests that Apache ZooKeeper 3.8.0 wrote after each of its
/// transactions and at the end of its snapshots; see Fixtures/README.md.
struct ApacheDigestTests {
    private static func disk() throws -> SimulatedDisk {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let disk = SimulatedDisk()
        try disk.createDirectory("data")
        for name in ["log.1", "log.1d3", "snapshot.1d2", "snapshot.326"] {
            let file = here.appending(path: "Fixtures/apache-digests/version-2/" + name)
            disk.place([UInt8](try Data(contentsOf: file)), at: "data/" + name)
        }
        return disk
    }

    /// Applies Apache's log after `start` and compares where it says a digest.
    /// - Returns: how many digests there were, and the zxids at which ours was another.
    private static func replay(
        _ disk: SimulatedDisk, into tree: DataTree, upTo end: Int64 = .max
    ) throws -> (compared: Int, mismatches: [Zxid]) {
        let directory = ApacheDirectory(disk, snapshots: "data", logs: "data")
        var compared = 0
        var mismatches: [Zxid] = []
        var nobody = NoObserver()
        _ = try directory.forEachTransaction(
            after: tree.lastProcessedZxid, upTo: Zxid(rawValue: end)
        ) { (zxid, payload) throws(DecodeError) in
            var reader = JuteReader(payload)
            let header = try reader.readTxnHeader()
            tree.apply(header, try reader.readTxn(type: header.type), observer: &nobody)
            guard let digest = try reader.readTxnDigest() else { return }
            compared += 1
            if digest != tree.txnDigest { mismatches.append(zxid) }
        }
        return (compared, mismatches)
    }

    @Test("after each transaction of Apache's the digest is Apache's")
    func eachTransaction() throws {
        let tree = DataTree(seed: 1)
        tree.keepDigest()
        let (compared, mismatches) = try Self.replay(try Self.disk(), into: tree)
        #expect(compared > 300)
        #expect(mismatches.isEmpty)
        tree.checkInvariants()
    }

    @Test("the digest at the end of Apache's snapshots is that of the tree that they hold")
    func snapshots() throws {
        let disk = try Self.disk()
        for name in ["snapshot.1d2", "snapshot.326"] {
            let snapshot = try #require(SnapshotName(fileName: name))
            let reader = SnapshotReader(disk, directory: "data", limits: SnapshotLimits())
            let (tree, description) = try reader.loadTree(snapshot, seed: 3, keepsDigest: true)
            let digest = try #require(description.content.digest)
            #expect(digest.version == NodeDigest.version)
            #expect(digest.value == tree.digestValue)
            let (_, mismatches) = try Self.replay(disk, into: tree)
            #expect(mismatches.isEmpty)
        }
    }

    @Test("a tree that went astray differs until what is wrong in it is overwritten")
    func flipped() throws {
        let disk = try Self.disk()
        let tree = DataTree(seed: 1)
        tree.keepDigest()
        _ = try Self.replay(disk, into: tree, upTo: 0x180)
        let header = TxnHeader(
            session: .none, cxid: 0, zxid: tree.lastProcessedZxid, time: 0,
            type: OpCode.setData.rawValue)
        var nobody = NoObserver()
        "/".withByteView { path in
            tree.apply(
                header, .setData(path: path, data: nil, version: 9), observer: &nobody)
        }
        let before = try Self.replay(disk, into: tree, upTo: 0x188)
        #expect(before.compared > 0)
        #expect(before.mismatches.count == before.compared)
        // Apache's clients set the root's data, with all that goes with it.
        let after = try Self.replay(disk, into: tree)
        #expect(after.mismatches.count < after.compared)
    }
}
