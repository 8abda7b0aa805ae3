import DataTree
import Maintenance
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

/// Restores from what Apache ZooKeeper 3.8.0 wrote (see the fixtures of RecoveryTests).
struct ApacheSourceTests {
    static func disk() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        try disk.createDirectory("data")
        try disk.createDirectory("data/version-2")
        try disk.syncDirectory(".")
        try disk.syncDirectory("data")
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "RecoveryTests/Fixtures/apache-3.8.0")
        for name in ["snapshot.0", "snapshot.21", "log.1", "log.22"] {
            disk.place(
                [UInt8](try Data(contentsOf: fixtures.appending(path: "version-2/" + name))),
                at: "data/version-2/" + name)
        }
        return disk
    }

    private func request(_ snapshot: String?, to: RestorePoint = .end) -> RestoreRequest {
        var request = RestoreRequest(dataDirectory: "new", ensembleID: 5, seed: 7)
        request.snapshot = snapshot.map { "data/version-2/" + $0 }
        request.logs = "data"
        request.to = to
        return request
    }

    @Test("From either snapshot and its logs, the tree is the one that a first start imports")
    func sameAsImport() throws {
        let disk = try Self.disk()
        let other = disk.afterKill()
        let expected = try Scene.load(other, DataDirectory("data")).tree.dump()
        for snapshot in ["snapshot.0", "snapshot.21"] {
            let (tree, report) = try Restore(disk, request(snapshot)).recoverState()
            #expect(tree.dump() == expected)
            #expect(report.zxid == Zxid(rawValue: 0x27))
            #expect(report.lastTime != nil)
        }
        _ = try Restore(disk, request("snapshot.21")).run()
        #expect(try Scene.dump(disk, at: "new") == expected)
    }

    @Test("A zxid in the middle of Apache's logs is reached from either side")
    func middle() throws {
        let disk = try Self.disk()
        for zxid in 0x21...0x27 as ClosedRange<Int64> {
            let point = RestorePoint.zxid(Zxid(rawValue: zxid))
            let early = try Restore(disk, request("snapshot.0", to: point)).recoverState()
            let late = try Restore(disk, request("snapshot.21", to: point)).recoverState()
            #expect(early.tree.dump() == late.tree.dump())
            #expect(early.1.zxid.rawValue == zxid)
        }
    }

    @Test("A missing log file and a point beyond the end are refused")
    func refusals() throws {
        let disk = try Self.disk()
        let far = Zxid(rawValue: 0x28)
        #expect(
            failure { () throws(MaintenanceError) in
                try Restore(disk, request("snapshot.21", to: .zxid(far))).run()
            }
                == .logEndsEarlier(
                    path: "data/version-2", wanted: far, last: Zxid(rawValue: 0x27)))
        try disk.remove("data/version-2/log.1")
        #expect(
            failure { () throws(MaintenanceError) in
                try Restore(disk, request("snapshot.0")).run()
            }?.exit == .unreachable)
        #expect(!disk.exists("new"))
    }

    @Test("Apache's directory is exported to Apache again, with its log replayed")
    func export() throws {
        let disk = try Self.disk()
        let expected = try Scene.load(disk.afterKill(), DataDirectory("data")).tree.dump()
        let report = try ApacheExport(disk, from: DataDirectory("data"), to: "out", seed: 1).run()
        #expect(report.zxid == Zxid(rawValue: 0x27))
        #expect(try Scene.load(disk, DataDirectory("out")).tree.dump() == expected)
    }

    @Test("Logs of Apache's are not taken for the log of one of our snapshots")
    func foreign() throws {
        let disk = try Self.disk()
        let state = try Scene.load(disk, DataDirectory("data"))
        var ours = request(nil)
        ours.snapshot = "data/zknode/snapshot/snapshot.27.lz4"
        ours.logs = "data/version-2"
        try state.log.close()
        #expect(
            failure { () throws(MaintenanceError) in try Restore(disk, ours).run() }
                == .foreignLogs(path: "data/version-2", snapshot: "snapshot.27.lz4"))
    }
}
