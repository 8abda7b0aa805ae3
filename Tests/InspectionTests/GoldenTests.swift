import Inspection
import Testing
import ZKWire

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The whole output of each subcommand, in text and in JSON.
struct GoldenTests {
    private func check(
        _ name: String, _ status: InspectionStatus = .clean,
        _ run: (Output.Format) throws -> Capture
    ) throws {
        for (format, suffix) in [(Output.Format.text, ".txt"), (.json, ".jsonl")] {
            let found = try run(format)
            #expect(found.error == nil)
            #expect(found.status == status, "\(name): \(found.text)")
            let file = Files.golden(name + suffix)
            if ProcessInfo.processInfo.environment["ZKNODE_WRITE_GOLDEN"] != nil {
                try Data(found.text.utf8).write(to: file)
            }
            let expected = try String(decoding: Data(contentsOf: file), as: UTF8.self)
            #expect(found.text == expected, "\(name)\(suffix)")
            if format == .json { try checkJSON(found) }
        }
    }

    /// One object a line, each with a type.
    private func checkJSON(_ found: Capture) throws {
        struct Line: Decodable { let type: String }
        for line in found.lines {
            let decoded = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            #expect(!decoded.type.isEmpty)
        }
    }

    @Test("log: a directory of ours, every kind of transaction")
    func log() throws {
        let tool = Tool(try Scenario.disk())
        try check("log") { tool.log("data", $0) }
    }

    @Test("log: compressed records give the same transactions")
    func compressedLog() throws {
        let plain = Tool(try Scenario.disk()).log("data")
        let packed = Tool(try Scenario.disk(isCompressed: true)).log("data")
        #expect(packed.status == .clean)
        func txns(_ capture: Capture) -> [Substring] {
            capture.lines.filter { !$0.hasPrefix("# data") }
        }
        #expect(txns(packed) == txns(plain))
    }

    @Test("log: Apache's")
    func apacheLog() throws {
        let tool = Tool(try Files.apacheDisk())
        try check("log-apache") { tool.log("apache", $0) }
    }

    @Test("snapshot: the summary and the znodes of one of ours")
    func snapshot() throws {
        let tool = Tool(try Scenario.disk())
        try check("snapshot") { tool.snapshot(Scenario.snapshot, $0) }
        try check("snapshot-nodes") { tool.snapshot(Scenario.snapshot, $0, nodes: true) }
    }

    @Test("tree: the summary and the znodes that a start loads")
    func tree() throws {
        let tool = Tool(try Scenario.disk())
        try check("tree") { tool.tree("data", $0) }
        try check("tree-nodes") { tool.tree("data", $0, nodes: true) }
    }

    @Test("snapshot, tree, diff: Apache's")
    func apacheTree() throws {
        let tool = Tool(try Files.apacheDisk())
        let snapshot = "apache/version-2/snapshot.21"
        try check("snapshot-apache") { tool.snapshot(snapshot, $0) }
        try check("tree-apache") { tool.tree("apache", $0) }
        try check("diff-apache", .different) { tool.diff(snapshot, "apache", $0) }
    }

    @Test("log, verify, tree: a last write that was cut short")
    func torn() throws {
        let tool = Tool(try DamageTests.torn())
        try check("log-torn", .torn) { tool.log("data", $0) }
        try check("verify-torn", .torn) { tool.verify("data", $0) }
        try check("tree-torn", .torn) { tool.tree("data", $0) }
    }

    @Test("Every filter of every list, in both formats")
    func filters() throws {
        let tool = Tool(try Scenario.disk())
        var log = LogFilter()
        log.from = Zxid(rawValue: 0x1_0000_0002)
        log.to = Zxid(rawValue: 0x1_0000_000D)
        log.pathPrefix = "/app"
        log.session = Scenario.one
        try check("log-filtered") { tool.log("data", $0, filter: log) }
        var nodes = NodeFilter(pathPrefix: "/app")
        nodes.from = Zxid(rawValue: 0x1_0000_0003)
        nodes.to = Zxid(rawValue: 0x1_0000_0005)
        nodes.session = Scenario.one
        try check("snapshot-filtered") {
            tool.snapshot(Scenario.snapshot, $0, nodes: true, filter: nodes)
        }
        try check("du-filtered") { tool.usage("data", depth: 1, $0, prefix: "/app") }
        try check("diff-filtered", .different) {
            tool.diff(Scenario.snapshot, "data", $0, prefix: "/app")
        }
    }

    @Test("verify: ours and Apache's")
    func verify() throws {
        let tool = Tool(try Scenario.disk())
        try check("verify") { tool.verify("data", $0) }
        let apache = Tool(try Files.apacheDisk())
        try check("verify-apache") { apache.verify("apache", $0) }
    }

    @Test("diff: a snapshot and what became of it")
    func diff() throws {
        let tool = Tool(try Scenario.disk())
        try check("diff", .different) { tool.diff(Scenario.snapshot, "data", $0) }
    }

    @Test("du: by subtree, the largest first")
    func usage() throws {
        let tool = Tool(try Files.apacheDisk())
        try check("du") { tool.usage("apache/version-2/snapshot.21", depth: 2, $0) }
    }

    @Test("log: a damaged record is named, and reading goes on behind it")
    func damagedLog() throws {
        let disk = try Scenario.disk()
        // In the body of the third record.
        disk.corrupt(Scenario.first, 4096 + 330, bits: 4)
        let tool = Tool(disk)
        try check("log-damaged", .damaged) { tool.log(Scenario.first, $0) }
        try check("verify-damaged", .damaged) { tool.verify("data", $0) }
    }
}
