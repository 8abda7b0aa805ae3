import Inspection
import Testing
import ZKWire

struct FilterTests {
    private func zxids(_ filter: LogFilter) throws -> [String] {
        let found = Tool(try Scenario.disk()).log("data", filter: filter)
        #expect(found.status == .clean)
        return found.lines.filter { $0.hasPrefix("0x") }.map { String($0.prefix { $0 != " " }) }
    }

    @Test("--from and --to bound the transactions, across segments")
    func range() throws {
        var filter = LogFilter()
        filter.from = Zxid(rawValue: 0x1_0000_000A)
        filter.to = Zxid(rawValue: 0x1_0000_000B)
        #expect(try zxids(filter) == ["0x10000000a", "0x10000000b"])
    }

    @Test("--path takes a znode and what is below it, parts of a multi and ephemerals too")
    func path() throws {
        var filter = LogFilter()
        filter.pathPrefix = "/app/lock"
        #expect(try zxids(filter) == ["0x100000003", "0x10000000d"])
        filter.pathPrefix = "/app/b"
        #expect(try zxids(filter) == ["0x100000008"])
        filter.pathPrefix = "/ap"
        #expect(try zxids(filter).isEmpty)
        filter.pathPrefix = "/"
        #expect(try zxids(filter).count == 13)
    }

    @Test("--session takes what one session did")
    func session() throws {
        var filter = LogFilter()
        filter.session = Scenario.two
        #expect(try zxids(filter) == ["0x10000000c"])
    }

    @Test("The conditions hold together")
    func together() throws {
        var filter = LogFilter()
        filter.session = Scenario.one
        filter.pathPrefix = "/app"
        filter.from = Zxid(rawValue: 0x1_0000_0004)
        #expect(try zxids(filter) == ["0x100000006", "0x100000008", "0x10000000d"])
    }

    /// The paths in a list of znodes.
    private func paths(_ filter: NodeFilter) throws -> [String] {
        let tool = Tool(try Scenario.disk())
        let found = tool.tree("data", .json, nodes: true, filter: filter)
        #expect(found.status == .clean)
        let listed = tool.tree("data", nodes: true, filter: filter)
        #expect(listed.lines.count == found.lines.count + 1)
        return found.lines.compactMap { line in
            line.split(separator: "\"path\":\"").last?.split(separator: "\"").first.map(String.init)
        }
    }

    @Test("A list of znodes is bounded by path, by last change and by session")
    func nodes() throws {
        let tool = Tool(try Scenario.disk())
        let app = NodeFilter(pathPrefix: "/app")
        let found = tool.snapshot(Scenario.snapshot, .json, nodes: true, filter: app)
        #expect(found.lines.count == 4, "\(found.text)")
        #expect(try paths(app) == ["/app", "/app/a", "/app/b"])
        var changed = NodeFilter()
        changed.from = Zxid(rawValue: 0x1_0000_0006)
        #expect(try paths(changed) == ["/app", "/app/a", "/app/b"])
        changed.to = Zxid(rawValue: 0x1_0000_0006)
        #expect(try paths(changed) == ["/app"])
        var owned = NodeFilter()
        owned.session = Scenario.one
        let ephemerals = tool.snapshot(Scenario.snapshot, .json, nodes: true, filter: owned)
        #expect(ephemerals.lines.count == 1 && ephemerals.text.contains("/app/lock"))
        #expect(try paths(owned).isEmpty)
    }

    @Test("du counts from the znode that --path names")
    func usage() throws {
        let tool = Tool(try Scenario.disk())
        let found = tool.usage("data", depth: 1, prefix: "/app")
        #expect(found.lines.dropFirst().map { $0.split(separator: " ").last } == [
            "/app", "/app/a", "/app/b",
        ])
        let whole = tool.usage("data", depth: 1)
        #expect(whole.text.contains(found.lines[1]), "the same numbers for /app")
        #expect(tool.usage("data", depth: 3, prefix: "/none").lines.count == 1)
    }

    @Test("diff leaves out what is not below --path, and the sessions")
    func difference() throws {
        let tool = Tool(try Scenario.disk())
        let found = tool.diff(Scenario.snapshot, "data", prefix: "/app/lock")
        #expect(found.status == .different)
        #expect(found.lines.count == 2 && found.text.hasPrefix("- /app/lock"), "\(found.text)")
        #expect(tool.diff(Scenario.snapshot, "data", prefix: "/jobs").status == .clean)
    }
}
