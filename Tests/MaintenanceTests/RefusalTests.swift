import DataTree
import Maintenance
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

/// A restore that cannot be whole is refused with the reason, and nothing is written.
struct RefusalTests {
    private func refusal(_ scene: Scene, _ request: RestoreRequest) -> MaintenanceError? {
        let restore = Restore(scene.disk, request)
        let error = failure { () throws(MaintenanceError) in try restore.run() }
        #expect(!scene.disk.exists("new"))
        return error
    }

    /// A scene whose first snapshot is fuzzy.
    private func fuzzyScene() throws -> Scene {
        for seed in 20...60 as ClosedRange<UInt64> {
            let scene = try Scene.make(seed: seed)
            if scene.footers[1].endZxid.rawValue > scene.footers[1].startZxid.rawValue + 1 {
                return scene
            }
        }
        throw MaintenanceError.unresolvedACLs(count: -1)
    }

    @Test("A fuzzy snapshot without its log is refused, with the lowest zxid that is possible")
    func fuzzyAlone() throws {
        let scene = try fuzzyScene()
        let footer = scene.footers[1]
        let error = refusal(scene, scene.request(1, logs: nil))
        #expect(
            error
                == .fuzzy(
                    snapshot: scene.snapshotPath(1), from: footer.startZxid,
                    lowest: footer.endZxid, reached: nil))
        #expect(error?.exit == .unreachable)
        #expect(error?.description.contains("lowest zxid to restore") == true)
    }

    @Test("A point before the snapshot's end is refused, by zxid and by time")
    func beforeTheEnd() throws {
        let scene = try fuzzyScene()
        let footer = scene.footers[1]
        let early = Zxid(rawValue: footer.endZxid.rawValue - 1)
        for point in [RestorePoint.zxid(early), .time(Scene.time(early.rawValue)), .time(5)] {
            let error = refusal(scene, scene.request(1, to: point))
            #expect(
                error
                    == .beforeSnapshot(
                        snapshot: scene.snapshotPath(1), wanted: point.description,
                        lowest: footer.endZxid))
        }
    }

    @Test("A time before the snapshot is refused also where nothing in the tree shows it")
    func deletedSince() throws {
        let disk = SimulatedDisk()
        var server = TestServer(try Scene.load(disk), seed: 1)
        for number in 0..<3 {
            try server.commit(.createSession, session: SessionID(rawValue: 77 + Int64(number))) {
                $0.writeCreateSessionTxn(timeoutMilliseconds: 1000)
            }
        }
        let footer = try server.snapshot(stepsPerSlice: 0)
        server.state.log.roll()
        try server.commit(.closeSession, session: SessionID(rawValue: 77)) { $0.writeInt32(0) }
        try server.stop()
        #expect(footer.startZxid == Zxid(rawValue: 3) && footer.endZxid == footer.startZxid)
        let scene = Scene(disk: disk, history: [:], footers: [footer], last: Zxid(rawValue: 4))
        let early = RestorePoint.time(Scene.time(2))
        #expect(
            refusal(scene, scene.request(0, to: early))
                == .beforeSnapshot(
                    snapshot: scene.snapshotPath(0), wanted: early.description,
                    lowest: footer.startZxid))
        let right = scene.request(0, to: .time(Scene.time(3)))
        #expect(try Restore(disk, right).recoverState().1.zxid == Zxid(rawValue: 3))
        // Without the record of the snapshot's own zxid there is no telling.
        try disk.remove("data/zknode/log/0000000000000001.log")
        for request in [right, scene.request(0, logs: nil, to: .time(Scene.time(3)))] {
            guard case .timeUnknown? = refusal(scene, request) else {
                Issue.record("a snapshot of unknown time was taken")
                return
            }
        }
    }

    @Test("A zxid after the log's end is refused")
    func afterTheEnd() throws {
        let scene = try Scene.make(seed: 30)
        let wanted = Zxid(rawValue: scene.last.rawValue + 1)
        let error = refusal(scene, scene.request(2, to: .zxid(wanted)))
        #expect(
            error == .logEndsEarlier(path: "data/zknode/log", wanted: wanted, last: scene.last))
        #expect(
            refusal(scene, scene.request(2, logs: "nothing")) == .noLogs(path: "nothing"))
    }

    @Test("Each segment that is missing from the middle or the end is noticed")
    func missingSegments() throws {
        let scene = try Scene.make(seed: 31, snapshots: 3)
        let segments = scene.files(below: "data/zknode/log").keys
            .filter { $0.hasSuffix(".log") }.sorted()
        #expect(segments.count >= 4)
        for segment in segments.dropFirst() {
            let damaged = Scene(
                disk: scene.disk.afterKill(), history: scene.history, footers: scene.footers,
                last: scene.last)
            try damaged.disk.remove(segment)
            let error = refusal(damaged, scene.request(0))
            #expect(error != nil, "\(segment)")
            #expect(error?.exit == .damaged || error?.exit == .unreachable)
        }
        // The first snapshot does not need what came before it, and the log says so.
        let shorter = Scene(
            disk: scene.disk.afterKill(), history: scene.history, footers: scene.footers,
            last: scene.last)
        try shorter.disk.remove(segments[0])
        #expect(failure { () throws(MaintenanceError) in
            try Restore(shorter.disk, scene.request(2, target: "whole")).run()
        } == nil)
        guard case .logBeginsLater? = refusal(
            shorter, scene.request(nil)) else {
            Issue.record("a log without its beginning was taken")
            return
        }
    }

    @Test("A flipped bit in a snapshot is refused with file and place")
    func damagedSnapshot() throws {
        let scene = try Scene.make(seed: 32)
        let path = scene.snapshotPath(1)
        let size = try #require(scene.disk.content(of: path)).count
        for offset in stride(from: 0, to: size, by: max(1, size / 40)) {
            scene.disk.corrupt(path, offset, bits: 4)
            let error = refusal(scene, scene.request(1))
            #expect(error?.exit == .damaged, "byte \(offset)")
            #expect(error?.description.contains(path) == true)
            scene.disk.corrupt(path, offset, bits: 4)
        }
    }

    @Test("Damage in the log is refused, unless it lies behind the wanted point")
    func damagedLog() throws {
        let scene = try Scene.make(seed: 33, snapshots: 1, steps: 60)
        let newest = try #require(
            scene.files(below: "data/zknode/log").keys.filter { $0.hasSuffix(".log") }.max())
        // In the middle of what the newest segment has.
        let content = try #require(scene.disk.content(of: newest))
        let used = (content.lastIndex { $0 != 0 } ?? 0)
        scene.disk.corrupt(newest, (4096 + used) / 2, bits: 1)
        let error = try #require(refusal(scene, scene.request(0)))
        #expect(error.exit == .damaged)
        guard case .log(_, .corrupt(let fault)) = error else {
            Issue.record("\(error)")
            return
        }
        let good = fault.lastGoodZxid
        _ = try Restore(scene.disk, scene.request(0, to: .zxid(good))).run()
        #expect(try Scene.dump(scene.disk, at: "new") == scene.history[good.rawValue])
    }

    @Test("Before a segment without a usable header, all that it says is there can be restored")
    func damagedHeader() throws {
        let scene = try Scene.make(seed: 36, snapshots: 2)
        let segments = scene.files(below: "data/zknode/log").keys
            .filter { $0.hasSuffix(".log") }.sorted()
        for segment in segments.dropFirst() {
            let disk = scene.disk.afterKill()
            disk.corrupt(segment, 20, bits: 1)
            let error = failure { () throws(MaintenanceError) in
                try Restore(disk, scene.request(nil)).run()
            }
            guard case .log(_, .corrupt(let fault)) = error else {
                Issue.record("\(segment): \(String(describing: error))")
                continue
            }
            #expect(segment.hasSuffix(fault.file))
            let good = fault.lastGoodZxid
            _ = try Restore(disk, scene.request(nil, to: .zxid(good))).run()
            #expect(try Scene.dump(disk, at: "new") == scene.history[good.rawValue])
            #expect(
                failure { () throws(MaintenanceError) in
                    try Restore(disk, scene.request(nil, to: .zxid(good.next), target: "more"))
                        .run()
                }?.exit == .damaged)
        }
    }

    @Test("A directory with anything in it, or with an unfinished restore, is refused")
    func occupied() throws {
        let scene = try Scene.make(seed: 34, snapshots: 1, steps: 10)
        try scene.disk.createDirectory("new")
        scene.disk.place([1], at: "new/notes.txt")
        let restore = Restore(scene.disk, scene.request(0))
        #expect(
            failure { () throws(MaintenanceError) in try restore.run() } == .notEmpty(path: "new"))

        let disk = scene.disk.afterKill()
        try disk.remove("new/notes.txt")
        // An empty directory will do; a write of the new snapshot fails.
        let counting = disk.afterKill()
        let begun = counting.operationCount
        _ = try Restore(counting, scene.request(0)).recoverState()
        disk.failOperation(counting.operationCount - begun + 12, with: 5)
        #expect(failure { () throws(MaintenanceError) in
            try Restore(disk, scene.request(0)).run()
        }?.exit == .storage)
        #expect(failure { () throws(MaintenanceError) in
            try Restore(disk, scene.request(0)).run()
        } == .unfinishedRestore(path: "new"))
    }

    @Test("The log of another server is refused by the snapshot's account of it")
    func otherHistory() throws {
        let scene = try Scene.make(seed: 35)
        let other = try Scene.make(seed: 36)
        for (path, content) in other.files(below: "data/zknode/log") {
            if !scene.disk.exists("foreign") { try scene.disk.createDirectory("foreign") }
            scene.disk.place(content, at: "foreign/" + (path.split(separator: "/").last ?? ""))
        }
        let error = refusal(scene, scene.request(0, logs: "foreign"))
        #expect(error != nil)
        #expect(error?.exit == .damaged || error?.exit == .unreachable)
    }
}
