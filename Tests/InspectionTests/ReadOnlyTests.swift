import Inspection
import Storage
import Testing
import ZKWire

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Nothing is changed on disk, whatever is asked, and a running server is not in the way.
struct ReadOnlyTests {
    private func runAll<D: Disk>(_ tool: Tool<D>, _ directory: String, _ snapshot: String) {
        for format in [Output.Format.text, .json] {
            _ = tool.log(directory, format)
            _ = tool.snapshot(snapshot, format)
            _ = tool.snapshot(snapshot, format, nodes: true)
            _ = tool.tree(directory, format)
            _ = tool.tree(directory, format, nodes: true)
            _ = tool.verify(directory, format)
            _ = tool.diff(snapshot, directory, format)
            _ = tool.usage(directory, depth: 2, format)
        }
    }

    /// A copy on the real disk for the time of the call.
    private func onDisk(_ files: [String: [UInt8]], _ body: (String) throws -> Void) throws {
        let manager = FileManager.default
        let root = manager.temporaryDirectory.appending(path: "zkdump-\(UUID().uuidString)")
        defer { try? manager.removeItem(at: root) }
        for (path, bytes) in files {
            let file = root.appending(path: path)
            try manager.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        try body(root.path)
    }

    @Test("A directory of ours, whole or torn or damaged, is left as it was")
    func own() throws {
        for offset in [nil, 4096 + 330, 12] {
            let disk = try Scenario.disk()
            if let offset { disk.corrupt(Scenario.first, offset, bits: 1) }
            try onDisk(Files.contents(disk, "data")) { root in
                let directory = root + "/data"
                let before = try Files.contents(PosixDisk(), directory)
                runAll(Tool(PosixDisk()), directory, root + "/" + Scenario.snapshot)
                #expect(try Files.contents(PosixDisk(), directory) == before)
            }
        }
    }

    @Test("Apache's is left as it was, and no zknode appears beside it")
    func apache() throws {
        try onDisk(Files.contents(Files.apacheDisk(), "apache")) { root in
            let directory = root + "/apache"
            let before = try Files.contents(PosixDisk(), directory)
            runAll(Tool(PosixDisk()), directory, directory + "/version-2/snapshot.21")
            #expect(try Files.contents(PosixDisk(), directory) == before)
        }
    }

    @Test("Beside a server that has the directory open, everything works")
    func live() throws {
        let disk = SimulatedDisk()
        var scenario = try Scenario(disk)
        for number in 0..<200 {
            try scenario.create("/n\(number)", "value", .persistent, .create, parent: 1)
            guard number % 20 == 0 else { continue }
            let tool = Tool(disk)
            #expect(tool.verify("data").status == .clean)
            #expect(tool.tree("data").status == .clean)
            #expect(tool.log("data").status == .clean)
        }
        try scenario.state.log.close()
    }

    @Test("A snapshot and the same in Apache's encodings hold the same")
    func encodings() throws {
        let tool = Tool(PosixDisk())
        let fixtures = Files.tests.path + "/SnapshotTests/Fixtures/apache-3.8.0/snapshot.27"
        for suffix in ["", ".gz", ".snappy"] {
            let found = tool.snapshot(fixtures + suffix)
            #expect(found.status == .clean)
            #expect(found.text.contains("znodes       32 (1 ephemeral"), "\(found.text)")
            let difference = tool.diff(fixtures, fixtures + suffix)
            #expect(difference.status == .clean)
            #expect(difference.text == "# znodes: 0 created, 0 deleted, 0 changed; sessions: 0\n")
        }
    }
}
