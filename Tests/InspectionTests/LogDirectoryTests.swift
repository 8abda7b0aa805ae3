import Inspection
import Storage
import Testing

/// A server with a `dataLogDir` is looked into as one without, once the tool is told where it is.
struct LogDirectoryTests {
    /// With the one place named as the other.
    private func moved(_ capture: Capture) -> [Substring] {
        let text = capture.text.split(separator: "fast/zknode/log").joined(separator: Scenario.log)
        // The column of paths is as wide as the longest.
        return text.split(separator: "\n").map { line in
            Substring(line.split(separator: " ").joined(separator: " "))
        }
    }

    @Test("With --log-dir every command says what it says where the log is in the data directory")
    func own() throws {
        let apart = Tool(try Scenario.disk(dataLog: "fast"))
        let together = Tool(try Scenario.disk())
        let pairs = [
            (apart.log("data", logs: "fast"), together.log("data")),
            (apart.log("fast"), together.log("data")),
            (apart.tree("data", logs: "fast/"), together.tree("data")),
            (
                apart.tree("data", logs: "fast", nodes: true),
                together.tree("data", nodes: true)
            ),
            (apart.verify("data", logs: "fast"), together.verify("data")),
            (
                apart.diff(Scenario.snapshot, "data", logs: "fast"),
                together.diff(Scenario.snapshot, "data")
            ),
            (apart.usage("data", depth: 2, logs: "fast"), together.usage("data", depth: 2)),
        ]
        for (found, expected) in pairs {
            #expect(found.error == nil)
            #expect(found.status == expected.status)
            #expect(moved(found) == moved(expected))
        }
    }

    @Test("Without it each command says that the log may be elsewhere")
    func hint() throws {
        let tool = Tool(try Scenario.disk(dataLog: "fast"))
        let advice = "If the server has a dataLogDir, give it as --log-dir"
        #expect(tool.log("data").error.map { "\($0)".contains(advice) } == true)
        #expect(tool.verify("data").text.contains(advice))
        #expect(tool.verify("data").status == .damaged)
        #expect(tool.tree("data").text.contains(advice), "\(tool.tree("data").text)")
    }

    @Test("Of a young server without a snapshot, more is said than that the tree is empty")
    func young() throws {
        let disk = SimulatedDisk()
        var scenario = try Scenario(disk, dataLog: "fast")
        try scenario.create("/a", "first", .persistent, .create, parent: 1)
        try scenario.state.log.close()
        scenario.state.lock.release()
        let tool = Tool(disk)
        #expect(tool.tree("data").text.contains("give it as --log-dir"))
        #expect(tool.verify("data").text.contains("give it as --log-dir"))
        #expect(tool.tree("data", logs: "fast", nodes: true).text.contains("/a"))
    }

    @Test("Apache's, too")
    func apache() throws {
        let disk = try Files.apacheDisk()
        let together = Tool(try Files.apacheDisk())
        try disk.createDirectory("logs")
        try disk.createDirectory("logs/version-2")
        for name in Files.apacheNames where name.hasPrefix("log.") {
            try disk.rename("apache/version-2/" + name, to: "logs/version-2/" + name)
        }
        let tool = Tool(disk)
        let trees = [
            tool.tree("apache", .json, logs: "logs", nodes: true),
            together.tree("apache", .json, nodes: true),
        ]
        #expect(trees[0] == trees[1])
        #expect(tool.verify("apache", logs: "logs").status == .clean)
        #expect(tool.log("apache", logs: "logs").lines.count == together.log("apache").lines.count)
    }

    @Test("What is no dataLogDir is refused")
    func refused() throws {
        let disk = try Scenario.disk(dataLog: "fast")
        try disk.createDirectory("other")
        disk.place(Array("notes".utf8), at: "other/notes")
        let tool = Tool(disk)
        func message(_ capture: Capture) -> String { capture.error.map { "\($0)" } ?? "none" }
        #expect(message(tool.verify("data", logs: "nowhere")).contains("nowhere: no such file"))
        #expect(message(tool.tree("data", logs: "other")).contains("other is not a dataLogDir"))
        #expect(
            message(tool.usage(Scenario.snapshot, depth: 1, logs: "fast"))
                .contains("which --log-dir goes with"))
    }
}
