import DataTree
import Maintenance
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

struct BackupTests {
    private static func back<D: Disk>(
        up disk: D, to target: String = "copy", snapshots: Int = 3
    ) throws(MaintenanceError) -> BackupReport {
        try Backup(disk, of: Scene.source, to: target, maximumSnapshots: snapshots)
            .run(now: 1_795_399_200_000)
    }

    /// A restore from a backup alone.
    private static func request(_ report: BackupReport, _ index: Int) -> RestoreRequest {
        var request = RestoreRequest(dataDirectory: "new-\(index)", ensembleID: 0xBEEF, seed: 7)
        request.snapshot = Scene.path(report.snapshots[index].zxid, below: "copy")
        request.logs = "copy"
        return request
    }

    @Test("Load, backup, restore: an identical tree, from each snapshot of the backup")
    func roundTrip() throws {
        for seed in 40...43 as ClosedRange<UInt64> {
            let scene = try Scene.make(seed: seed, isStopped: seed % 2 == 0)
            let before = scene.files()
            let report = try Self.back(up: scene.disk)
            #expect(report.isLive == (seed % 2 == 1))
            #expect(report.manifest.zxid == scene.last)
            #expect(report.snapshots.map(\.zxid) == scene.footers.reversed().map(\.startZxid))
            #expect(scene.files() == before)
            for index in report.snapshots.indices {
                _ = try Restore(scene.disk, Self.request(report, index)).run()
                #expect(
                    try Scene.dump(scene.disk, at: "new-\(index)")
                        == scene.history[scene.last.rawValue])
            }
            #expect(try BackupVerification(scene.disk, "copy").run() == report.manifest)
        }
    }

    @Test("A backup is a data directory, too: a server starts from a copy of it")
    func isDataDirectory() throws {
        let scene = try Scene.make(seed: 44)
        _ = try Self.back(up: scene.disk, snapshots: 1)
        #expect(
            try Scene.dump(scene.disk, at: "copy") == scene.history[scene.last.rawValue])
    }

    @Test("A young server without a snapshot is backed up by its log")
    func withoutSnapshots() throws {
        let scene = try Scene.make(seed: 45, snapshots: 0)
        let report = try Self.back(up: scene.disk)
        #expect(report.snapshots.isEmpty && report.segmentCount > 0)
        var request = RestoreRequest(dataDirectory: "new", ensembleID: 1, seed: 7)
        request.logs = "copy"
        _ = try Restore(scene.disk, request).run()
        #expect(try Scene.dump(scene.disk, at: "new") == scene.history[scene.last.rawValue])
    }

    @Test("A server that writes, snapshots, purges and recycles meanwhile does not get in the way")
    func liveServer() throws {
        for seed in 1...6 as ClosedRange<UInt64> {
            let disk = SimulatedDisk()
            var server = TestServer(try Scene.load(disk), seed: seed)
            server.history = [:]
            try server.run(60)
            for _ in 0..<3 {
                server.state.log.roll()
                try server.snapshot()
                try server.run(30)
            }
            let hooked = HookedDisk(disk)
            var calls = 0
            var store = server.state.snapshots
            hooked.hook = {
                calls += 1
                guard calls < 60 else { return }
                try server.run(2)
                guard calls % (3 + Int(seed)) == 0 else { return }
                server.state.log.roll()
                try server.snapshot()
                if let floor = try store.purge(keeping: 2).logFloor {
                    try server.state.log.purge(before: floor.next)
                }
            }
            let report = try Self.back(up: hooked)
            #expect(report.isLive)
            let zxid = report.manifest.zxid
            _ = try BackupVerification(disk, "copy").run()
            for index in report.snapshots.indices {
                _ = try Restore(disk, Self.request(report, index)).run()
                #expect(
                    try Scene.dump(disk, at: "new-\(index)") == server.history?[zxid.rawValue],
                    "seed \(seed), snapshot \(index)")
            }
            try server.stop()
        }
    }

    @Test("A damaged snapshot is left out with a note, and an older one takes its place")
    func damagedSnapshot() throws {
        let scene = try Scene.make(seed: 46)
        scene.disk.corrupt(scene.snapshotPath(2), 100, bits: 1)
        let report = try Self.back(up: scene.disk, snapshots: 1)
        #expect(report.snapshots == [SnapshotName(zxid: scene.footers[1].startZxid)])
        #expect(report.notes.count == 1)
        _ = try Restore(scene.disk, Self.request(report, 0)).run()
        #expect(try Scene.dump(scene.disk, at: "new-0") == scene.history[scene.last.rawValue])
    }

    @Test("A damaged log is not backed up")
    func damagedLog() throws {
        let scene = try Scene.make(seed: 47)
        let segments = scene.files(below: "data/zknode/log").keys.filter { $0.hasSuffix(".log") }
        let middle = segments.sorted()[segments.count - 2]
        scene.disk.corrupt(middle, 4096 + 60, bits: 1)
        let error = failure { () throws(MaintenanceError) in try Self.back(up: scene.disk) }
        #expect(error?.exit == .damaged)
        #expect(!scene.disk.exists("copy/MANIFEST"))
    }

    @Test("Any changed, cut or missing byte of a backup is found by its verification")
    func verification() throws {
        let scene = try Scene.make(seed: 48, snapshots: 1, steps: 10)
        _ = try Self.back(up: scene.disk)
        for (path, content) in scene.files(below: "copy") {
            for offset in stride(from: 0, to: content.count, by: max(1, content.count / 7)) {
                scene.disk.corrupt(path, offset, bits: 2)
                let error = failure { () throws(MaintenanceError) in
                    try BackupVerification(scene.disk, "copy").run()
                }
                #expect(error?.exit == .damaged, "\(path) at \(offset)")
                scene.disk.corrupt(path, offset, bits: 2)
            }
            let other = scene.disk.afterKill()
            other.place(Array(content.dropLast()), at: path)
            #expect(failure { () throws(MaintenanceError) in
                try BackupVerification(other, "copy").run()
            } != nil, "\(path) cut short")
            try other.remove(path)
            #expect(failure { () throws(MaintenanceError) in
                try BackupVerification(other, "copy").run()
            } != nil, "\(path) missing")
        }
    }

    @Test("Whatever operation fails, a backup with a manifest is whole, and the source stays")
    func failingOperations() throws {
        let scene = try Scene.make(seed: 49, snapshots: 2, steps: 10)
        let before = scene.files()
        var number = 0
        var isDone = false
        while !isDone {
            number += 1
            let disk = scene.disk.afterKill()
            disk.failOperation(number, with: 5)
            let report = failure { () throws(MaintenanceError) in try Self.back(up: disk) }
            isDone = report == nil && disk.operationCount < number
            let clean = disk.afterKill()
            #expect(Scene.files(clean, "data") == before, "operation \(number)")
            if clean.exists("copy/MANIFEST"), report == nil {
                _ = try BackupVerification(clean, "copy").run()
            }
        }
        #expect(number > 40)
    }

    @Test("A directory that is not empty, and a source that is none, are refused")
    func refusals() throws {
        let scene = try Scene.make(seed: 50, snapshots: 0, steps: 5)
        #expect(
            failure { () throws(MaintenanceError) in try Self.back(up: scene.disk, to: "data") }
                == .notEmpty(path: "data"))
        let error = failure { () throws(MaintenanceError) in
            try Backup(
                scene.disk, of: DataDirectory("elsewhere"), to: "copy", maximumSnapshots: 1
            ).run(now: 0)
        }
        #expect(error?.exit == .directory)
    }
}
