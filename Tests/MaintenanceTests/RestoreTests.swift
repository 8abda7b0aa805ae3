import DataTree
import Maintenance
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

struct RestoreTests {
    @Test("A restore to any zxid that a snapshot can give equals the tree at that zxid")
    func everyZxid() throws {
        for seed in 1...2 as ClosedRange<UInt64> {
            let scene = try Scene.make(seed: seed)
            for (index, footer) in scene.footers.enumerated() {
                for zxid in footer.endZxid.rawValue...scene.last.rawValue {
                    let target = "new-\(index)-\(zxid)"
                    let request = scene.request(
                        index, to: .zxid(Zxid(rawValue: zxid)), target: target)
                    let report = try Restore(scene.disk, request).run()
                    #expect(report.zxid.rawValue == zxid)
                    #expect(try Scene.dump(scene.disk, at: target) == scene.history[zxid])
                }
            }
        }
    }

    @Test("A restore to a time stops after the last transaction that is not later")
    func everyTime() throws {
        let scene = try Scene.make(seed: 5, snapshots: 2, steps: 25)
        let footer = scene.footers[0]
        for zxid in footer.endZxid.rawValue...scene.last.rawValue {
            let request = scene.request(0, to: .time(Scene.time(zxid)))
            let (tree, report) = try Restore(scene.disk, request).recoverState()
            #expect(tree.dump() == scene.history[zxid])
            if zxid > footer.startZxid.rawValue { #expect(report.lastTime == Scene.time(zxid)) }
        }
        let late = scene.request(0, to: .time(Scene.time(scene.last.rawValue + 1000)))
        #expect(try Restore(scene.disk, late).recoverState().1.zxid == scene.last)
    }

    @Test("Without a snapshot, a log that begins at the beginning is enough")
    func withoutSnapshot() throws {
        let scene = try Scene.make(seed: 6, snapshots: 1)
        for zxid in [1, 7, scene.last.rawValue] {
            let request = scene.request(
                nil, logs: "data/zknode/log", to: .zxid(Zxid(rawValue: zxid)))
            #expect(
                try Restore(scene.disk, request).recoverState().tree.dump() == scene.history[zxid])
        }
    }

    @Test("The new directory is a history of its own, and a server goes on from it")
    func goesOn() throws {
        let scene = try Scene.make(seed: 7)
        let point = scene.footers[1].endZxid
        _ = try Restore(scene.disk, scene.request(1, to: .zxid(point))).run()
        let state = try Scene.load(scene.disk, DataDirectory("new"))
        #expect(state.report.start == .resume)
        #expect(state.meta.record?.ensembleID == 0xBEEF)
        var server = TestServer(state, seed: 99)
        try server.run(30)
        try server.snapshot()
        let expected = server.tree.dump()
        try server.stop()
        #expect(try Scene.dump(scene.disk, at: "new") == expected)
    }

    @Test("A restore changes nothing in its sources")
    func sourcesStay() throws {
        let scene = try Scene.make(seed: 8)
        let before = scene.files()
        _ = try Restore(scene.disk, scene.request(0)).run()
        #expect(scene.files() == before)
    }

    @Test("A restore reads the log of a server that runs")
    func liveLog() throws {
        let scene = try Scene.make(seed: 9, isStopped: false)
        let before = scene.files()
        _ = try Restore(scene.disk, scene.request(2)).run()
        #expect(try Scene.dump(scene.disk, at: "new") == scene.history[scene.last.rawValue])
        #expect(scene.files() == before)
    }

    @Test("A snapshot of a server at rest needs no log")
    func snapshotAlone() throws {
        let scene = try Scene.make(seed: 10)
        _ = try Restore(scene.disk, scene.request(0, to: .end, target: "one")).run()
        var again = RestoreRequest(dataDirectory: "two", ensembleID: 0xF00D, seed: 3)
        again.snapshot = Scene.path(scene.last, below: "one")
        let report = try Restore(scene.disk, again).run()
        #expect(report.zxid == scene.last && report.replayedCount == 0)
        #expect(try Scene.dump(scene.disk, at: "two") == Scene.dump(scene.disk, at: "one"))
    }

    @Test("A snapshot without a footer, as lz4 -d gives it, is continued by our log")
    func plainSnapshot() throws {
        let scene = try Scene.make(seed: 13, isStopped: true)
        let export = try ApacheExport(
            scene.disk, from: Scene.source, to: "out", seed: 1
        ).run()
        var server = TestServer(try Scene.load(scene.disk), seed: 14)
        server.history = [:]
        try server.run(30)
        try server.stop()
        var request = scene.request(nil)
        request.snapshot = export.snapshot
        #expect(try Restore(scene.disk, request).recoverState().tree.dump() == server.tree.dump())
        let middle = Zxid(rawValue: scene.last.rawValue + 7)
        request.to = .zxid(middle)
        #expect(
            try Restore(scene.disk, request).recoverState().tree.dump()
                == server.history?[middle.rawValue])
    }

    @Test("Whatever operation fails, a server refuses what is left, or finds the whole state")
    func failingOperations() throws {
        let scene = try Scene.make(seed: 11, snapshots: 1, steps: 12)
        let expected = scene.history[scene.last.rawValue]
        var number = 0
        var isDone = false
        while !isDone {
            number += 1
            let disk = scene.disk.afterKill()
            disk.failOperation(number, with: 5)
            let restore = Restore(disk, scene.request(0))
            let error = failure { () throws(MaintenanceError) in try restore.run() }
            // Some reads are made twice, and their failure costs nothing.
            isDone = error == nil && disk.operationCount < number
            try expectNothingOrAll(disk.afterKill(), expected, "operation \(number)")
        }
        #expect(number > 40)
    }

    @Test("Whenever the power fails, a server refuses what is left, or finds the whole state")
    func powerFailures() throws {
        let scene = try Scene.make(seed: 12, snapshots: 1, steps: 10)
        let expected = scene.history[scene.last.rawValue]
        var number = 0
        var isDone = false
        while !isDone {
            number += 1
            let disk = scene.disk.afterKill()
            disk.cutPower(at: number)
            let restore = Restore(disk, scene.request(0))
            isDone = failure { () throws(MaintenanceError) in try restore.run() } == nil
            for seed in 1...3 as ClosedRange<UInt64> {
                try expectNothingOrAll(disk.crash(seed: seed), expected, "cut \(number)")
            }
        }
    }

    /// A directory without any file is as good as none: a server would begin a new one there, as it
    /// would have before the restore.
    private func expectNothingOrAll(
        _ disk: SimulatedDisk, _ expected: [String]?, _ what: Comment
    ) throws {
        guard !Scene.files(disk, "new").isEmpty else { return }
        do {
            #expect(try Scene.dump(disk, at: "new") == expected, what)
        } catch is RecoveryError {
            // Refused.
        }
    }
}
