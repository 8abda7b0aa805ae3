import DataTree
import Maintenance
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The same on the operating system's files.
struct PosixTests {
    @Test("Load, backup of the running server, restore, export: identical trees on a real disk")
    func roundTrip() throws {
        try withTemporaryDirectory { root in
            let disk = PosixDisk()
            let source = DataDirectory(root + "/data")
            var server = TestServer(try Scene.load(disk, source), seed: 3)
            try server.run(60)
            let footer = try server.snapshot()
            server.state.log.roll()
            try server.run(60)
            let expected = server.tree.dump()

            let report = try Backup(disk, of: source, to: root + "/copy", maximumSnapshots: 3)
                .run(now: 0)
            #expect(report.isLive)
            #expect(try BackupVerification(disk, root + "/copy").run() == report.manifest)
            var request = RestoreRequest(
                dataDirectory: root + "/new", ensembleID: 0xBEEF, seed: 7)
            request.snapshot = Scene.path(footer.startZxid, below: root + "/copy")
            request.logs = root + "/copy"
            _ = try Restore(disk, request).run()
            #expect(try Scene.dump(disk, at: root + "/new") == expected)

            _ = try ApacheExport(disk, from: source, to: root + "/out", seed: 1).run()
            #expect(try Scene.dump(disk, at: root + "/out") == expected)
            try server.stop()
        }
    }

    @Test("A directory that may not be written, or whose parent is missing, is named")
    func missingParent() throws {
        try withTemporaryDirectory { root in
            let disk = PosixDisk()
            let source = DataDirectory(root + "/data")
            var server = TestServer(try Scene.load(disk, source), seed: 4)
            try server.run(10)
            try server.stop()
            var request = RestoreRequest(
                dataDirectory: root + "/no/where", ensembleID: 1, seed: 1)
            request.logs = source.data
            let error = failure { () throws(MaintenanceError) in
                try Restore(disk, request).run()
            }
            #expect(error?.exit == .directory)
            #expect(error?.description.contains(root + "/no/where") == true)
        }
    }
}

/// A directory of the real disk for the time of the call.
private func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/zknode-maintenance-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeTree(root) }
    try body(root)
}

private func removeTree(_ path: String) {
    let disk = PosixDisk()
    for name in (try? disk.list(path)) ?? [] {
        if (try? disk.remove(path + "/" + name)) == nil { removeTree(path + "/" + name) }
    }
    rmdir(path)
}
