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

    @Test("--path bounds a list of znodes")
    func nodes() throws {
        let tool = Tool(try Scenario.disk())
        let found = tool.snapshot(Scenario.snapshot, .json, nodes: true, prefix: "/app")
        #expect(found.lines.count == 4, "\(found.text)")
    }
}
