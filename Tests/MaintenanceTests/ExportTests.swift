import DataTree
import Maintenance
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

struct ExportTests {
    private func export<D: Disk>(
        _ disk: D, _ source: String = "data", to target: String = "out"
    ) throws(MaintenanceError) -> ExportReport {
        try ApacheExport(disk, from: DataDirectory(source), to: target, seed: 9).run()
    }

    /// What a first start on Apache's directory finds.
    private func imported(_ disk: SimulatedDisk, _ path: String) throws -> [String] {
        let state = try Scene.load(disk, DataDirectory(path))
        defer { state.lock.release() }
        #expect(state.report.start == .importApache)
        try state.log.close()
        return state.tree.dump()
    }

    @Test("An export, read as Apache's directory, is the identical tree")
    func roundTrip() throws {
        for seed in 60...63 as ClosedRange<UInt64> {
            let scene = try Scene.make(seed: seed, isStopped: seed % 2 == 0)
            let before = scene.files()
            let report = try export(scene.disk)
            #expect(report.zxid == scene.last)
            #expect(report.snapshot == "out/version-2/snapshot.\(scene.last.hex)")
            #expect(scene.files() == before)
            #expect(scene.disk.content(of: "out/version-2/currentEpoch") == Array("0\n".utf8))
            #expect(try imported(scene.disk, "out") == scene.history[scene.last.rawValue])
        }
    }

    @Test("An export of a running server that goes on is a tree that it had")
    func liveServer() throws {
        let disk = SimulatedDisk()
        var server = TestServer(try Scene.load(disk), seed: 64)
        server.history = [:]
        try server.run(50)
        try server.snapshot()
        let hooked = HookedDisk(disk)
        var calls = 0
        var store = server.state.snapshots
        hooked.hook = {
            calls += 1
            guard calls < 40 else { return }
            try server.run(2)
            guard calls % 5 == 0 else { return }
            server.state.log.roll()
            try server.snapshot()
            if let floor = try store.purge(keeping: 1).logFloor {
                try server.state.log.purge(before: floor.next)
            }
        }
        let report = try export(hooked)
        #expect(try imported(disk, "out") == server.history?[report.zxid.rawValue])
        try server.stop()
    }

    @Test("A restore from an export, with no log, is the identical tree")
    func restoreFromApache() throws {
        let scene = try Scene.make(seed: 65)
        let report = try export(scene.disk)
        var request = RestoreRequest(dataDirectory: "new", ensembleID: 1, seed: 7)
        request.snapshot = report.snapshot
        let restored = try Restore(scene.disk, request).run()
        #expect(restored.notes.count == 1)
        #expect(try Scene.dump(scene.disk, at: "new") == scene.history[scene.last.rawValue])
    }

    @Test("Whatever operation fails, Apache finds no snapshot or the whole one")
    func failingOperations() throws {
        let scene = try Scene.make(seed: 66, snapshots: 1, steps: 10)
        let before = scene.files()
        var number = 0
        var isDone = false
        while !isDone {
            number += 1
            let disk = scene.disk.afterKill()
            disk.failOperation(number, with: 5)
            let error = failure { () throws(MaintenanceError) in try export(disk) }
            isDone = error == nil && disk.operationCount < number
            let clean = disk.afterKill()
            #expect(Scene.files(clean, "data") == before)
            let name = "out/version-2/snapshot.\(scene.last.hex)"
            if clean.exists(name) {
                #expect(try imported(clean, "out") == scene.history[scene.last.rawValue])
            }
        }
        #expect(number > 20)
    }

    @Test("A directory that is not empty, and a source that is none, are refused")
    func refusals() throws {
        let scene = try Scene.make(seed: 67, snapshots: 0, steps: 5)
        #expect(
            failure { () throws(MaintenanceError) in try export(scene.disk, to: "data") }
                == .notEmpty(path: "data"))
        #expect(
            failure { () throws(MaintenanceError) in try export(scene.disk, "nowhere") }
                == .notDataDirectory(path: "nowhere", expected: "zknode/meta-a or version-2/"))
        #expect(!scene.disk.exists("out"))
    }
}
