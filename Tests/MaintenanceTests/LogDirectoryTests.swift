import DataTree
import Maintenance
import Recovery
import Storage
import Testing
import TxnLog
import ZKWire

/// Servers whose log has a directory of its own.
struct LogDirectoryTests {
    private static let source = DataDirectory("data", dataLog: "fast")

    /// A server's directories, and its tree at the end.
    private func server(_ disk: SimulatedDisk) throws -> [String] {
        var server = TestServer(try Scene.load(disk, Self.source), seed: 11)
        try server.run(40)
        try server.snapshot()
        server.state.log.roll()
        try server.run(40)
        let dump = server.tree.dump()
        try server.stop()
        return dump
    }

    private func request(_ target: String, log: String?) -> RestoreRequest {
        var request = RestoreRequest(dataDirectory: target, ensembleID: 0xBEEF, seed: 7)
        request.logs = "fast"
        request.dataLogDirectory = log
        return request
    }

    private func dump(_ disk: SimulatedDisk, _ directory: DataDirectory) throws -> [String] {
        let state = try Scene.load(disk, directory)
        defer { state.lock.release() }
        try state.log.close()
        return state.tree.dump()
    }

    @Test("Such a server is backed up, restored with a dataLogDir, and goes on there")
    func roundTrip() throws {
        let disk = SimulatedDisk()
        let expected = try server(disk)
        _ = try Backup(disk, of: Self.source, to: "backup", maximumSnapshots: 3).run(now: 0)
        #expect(try Scene.dump(disk, at: "backup") == expected)
        _ = try Restore(disk, request("new", log: "newlog")).run()
        #expect(Scene.files(disk, "newlog").isEmpty)
        let target = DataDirectory("new", dataLog: "newlog")
        var restored = TestServer(try Scene.load(disk, target), seed: 12)
        #expect(restored.tree.dump() == expected)
        try restored.run(20)
        let later = restored.tree.dump()
        try restored.stop()
        #expect(!disk.exists("new/zknode/log"))
        #expect(try dump(disk, target) == later)
    }

    @Test("A dataLogDir with anything in it is refused, and so is the old one by a server")
    func refusals() throws {
        let disk = SimulatedDisk()
        _ = try server(disk)
        #expect(
            failure { () throws(MaintenanceError) in
                try Restore(disk, request("new", log: "fast")).run()
            } == .notEmpty(path: "fast"))
        #expect(!disk.exists("new"))
        _ = try Restore(disk, request("new", log: nil)).run()
        #expect(throws: RecoveryError.self) {
            try Scene.load(disk, DataDirectory("new", dataLog: "fast"))
        }
    }

    @Test("A restored server whose log is not there does not begin anew from its snapshot (S-16)")
    func lostLog() throws {
        let disk = SimulatedDisk()
        _ = try server(disk)
        _ = try Restore(disk, request("new", log: "newlog")).run()
        // dataLogDir was forgotten, or its disk is not mounted.
        #expect(throws: RecoveryError.missingLog(path: "new/zknode/log")) {
            try Scene.load(disk, DataDirectory("new"))
        }
        #expect(throws: RecoveryError.missingLog(path: "other/zknode/log")) {
            try Scene.load(disk, DataDirectory("new", dataLog: "other"))
        }
        _ = try Scene.load(disk, DataDirectory("new", dataLog: "newlog"))
    }

    @Test("Whatever operation fails, what is left at dataLogDir is no obstacle")
    func failures() throws {
        let disk = SimulatedDisk()
        let expected = try server(disk)
        var number = 0
        var isDone = false
        while !isDone {
            number += 1
            let copy = disk.afterKill()
            copy.failOperation(number, with: 5)
            let restore = Restore(copy, request("new", log: "newlog"))
            let error = failure { () throws(MaintenanceError) in try restore.run() }
            isDone = error == nil && copy.operationCount < number
            let left = copy.afterKill()
            #expect(Scene.files(left, "newlog").isEmpty)
            _ = try Restore(left, request("again", log: "newlog")).run()
            #expect(try dump(left, DataDirectory("again", dataLog: "newlog")) == expected)
        }
    }
}
