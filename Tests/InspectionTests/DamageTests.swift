import Inspection
import Recovery
import Storage
import Testing
import TxnLog
import ZKWire

/// Verify names what is damaged and where, calls torn what a start would cut, and agrees with a
/// start on the rest.
struct DamageTests {
    private static let watermark = Scenario.log + "/watermark"

    /// Whether a start takes the directory, and whether it finds a torn tail.
    private func start(_ disk: SimulatedDisk) -> (isTaken: Bool, isTorn: Bool) {
        let configuration = RecoveryConfiguration(
            serverID: ServerID(rawValue: 0), newEnsembleID: 1, seed: 0)
        let copy = disk.afterKill()
        guard let state = try? Recovery(copy, DataDirectory("data"), configuration).load() else {
            return (false, false)
        }
        return (true, state.report.log?.verdict != .clean)
    }

    /// The story, with one more write that the watermark does not know of.
    private static func unacknowledged() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        var scenario = try Scenario(disk)
        try scenario.create("/a", "first", .persistent, .create, parent: 1)
        let mark = try #require(disk.content(of: watermark))
        try scenario.create("/b", "second", .persistent, .create, parent: 2)
        try scenario.state.log.close()
        disk.place(mark, at: watermark)
        disk.releaseLocks()
        return disk
    }

    /// The same, and that write is not complete.
    static func torn() throws -> SimulatedDisk {
        let disk = try unacknowledged()
        let bytes = try #require(disk.content(of: Scenario.first))
        let end = try #require(bytes.lastIndex { $0 != 0 })
        disk.corrupt(Scenario.first, end, bits: 1)
        return disk
    }

    @Test("A write that was cut short before it was acknowledged is torn, not corrupt")
    func torn() throws {
        #expect(Tool(try Self.unacknowledged()).verify("data").status == .clean)
        let disk = try Self.torn()
        #expect(start(disk).isTorn)
        let tool = Tool(disk)
        for found in [tool.verify("data"), tool.log("data"), tool.tree("data")] {
            #expect(found.status == .torn)
            #expect(found.text.contains("!! torn: "), "\(found.text)")
            #expect(found.text.contains(Scenario.first))
        }
        #expect(tool.verify("data").text.contains("torn: the last write was cut short"))
    }

    @Test("A flipped bit is never called clean, and is torn only where a start cuts it")
    func bitFlips() throws {
        let pristine = try Scenario.disk()
        for path in [Scenario.first, Scenario.second, Scenario.snapshot, "data/zknode/meta-b"] {
            let bytes = try #require(pristine.content(of: path))
            let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
            for offset in stride(from: 0, to: used, by: used > 2000 ? 61 : 17) {
                let disk = pristine.afterKill()
                disk.corrupt(path, offset, bits: 0x10)
                let found = Tool(disk).verify("data")
                #expect(found.error == nil)
                if path.hasSuffix(".log") { #expect(!start(disk).isTaken, "\(path) \(offset)") }
                #expect(found.status == .damaged, "\(path) \(offset): \(found.text)")
                #expect(found.text.contains(path), "\(path) \(offset): \(found.text)")
            }
        }
    }

    @Test("A file cut off anywhere never makes the tool fail, and verify never calls it clean")
    func truncations() throws {
        let pristine = try Scenario.disk()
        for path in [Scenario.first, Scenario.second, Scenario.snapshot, "data/zknode/meta-a"] {
            let bytes = try #require(pristine.content(of: path))
            let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
            for length in stride(from: 0, to: used, by: used > 2000 ? 97 : 23) {
                let disk = pristine.afterKill()
                disk.place(Array(bytes[..<length]), at: path)
                let tool = Tool(disk)
                let found = tool.verify("data")
                #expect(found.status != .clean, "\(path) \(length)")
                // Each at least says something.
                _ = tool.log("data")
                _ = tool.snapshot(Scenario.snapshot, nodes: true)
                _ = tool.tree("data")
            }
        }
    }

    @Test("A missing segment is named by what is missing")
    func missingSegments() throws {
        let newest = try Scenario.disk()
        try newest.remove(Scenario.second)
        let lost = Tool(newest).verify("data")
        #expect(lost.status == .damaged)
        #expect(lost.text.contains("missing end of the log"), "\(lost.text)")
        #expect(lost.text.contains("synced up to zxid 0x10000000d"), "\(lost.text)")
        #expect(!start(newest).isTaken)

        let oldest = try Scenario.disk()
        try oldest.remove(Scenario.first)
        let gap = Tool(oldest).verify("data")
        #expect(gap.status == .damaged)
        #expect(gap.text.contains("no snapshot can be used"), "\(gap.text)")
        #expect(!start(oldest).isTaken)
    }

    @Test("A damaged snapshot is listed as far as it goes, and passed over by tree")
    func damagedSnapshot() throws {
        let disk = try Scenario.disk()
        let size = try #require(disk.content(of: Scenario.snapshot)).count
        disk.corrupt(Scenario.snapshot, size - 40, bits: 1)
        let tool = Tool(disk)
        let nodes = tool.snapshot(Scenario.snapshot, nodes: true)
        #expect(nodes.status == .damaged)
        #expect(nodes.text.contains("/app/lock"), "\(nodes.text)")
        #expect(nodes.text.contains("footer checksum mismatch"), "\(nodes.text)")
        let tree = tool.tree("data")
        #expect(tree.status == .damaged)
        #expect(tree.text.contains("replayed      13 transactions") || tree.text.contains("13"))
        #expect(tree.text.contains("is not used"), "\(tree.text)")
    }

    @Test("Without its meta a directory is corrupt, and without the watermark too")
    func promises() throws {
        let disk = try Scenario.disk()
        try disk.remove("data/zknode/meta-a")
        #expect(Tool(disk).verify("data").status == .damaged)
        #expect(Tool(disk).tree("data").status == .clean)
        try disk.remove("data/zknode/meta-b")
        #expect(Tool(disk).verify("data").text.contains("docs/operating/recovering.md#lost-meta"))
        #expect(Tool(disk).tree("data").status == .damaged)
        let marked = try Scenario.disk()
        try marked.remove(Self.watermark)
        #expect(Tool(marked).verify("data").status == .damaged)
    }

    @Test("Bytes that the disk cannot read are damage with a place")
    func unreadable() throws {
        let disk = try Scenario.disk()
        disk.failReads(Scenario.first, 4200..<4300)
        let found = Tool(disk).log("data")
        #expect(found.status == .damaged)
        #expect(found.text.contains("unreadable bytes"), "\(found.text)")
        #expect(found.text.contains("0x10000000d"), "\(found.text)")
    }

    @Test("Apache's: a record with a wrong checksum is named, and reading goes on behind it")
    func apache() throws {
        let disk = try Files.apacheDisk()
        disk.corrupt("apache/version-2/log.1", 100, bits: 1)
        let tool = Tool(disk)
        let found = tool.log("apache")
        #expect(found.status == .damaged)
        #expect(found.text.contains("apache/version-2/log.1 at offset 77"), "\(found.text)")
        #expect(found.lines.count { $0.hasPrefix("0x") } == 38)
        #expect(tool.verify("apache").status == .damaged)
    }

    @Test("Apache's: a log that ends within a record is torn")
    func apacheTorn() throws {
        let disk = try Files.apacheDisk()
        let path = "apache/version-2/log.22"
        let bytes = try #require(disk.content(of: path))
        let used = bytes.lastIndex { $0 != 0 }! + 1
        disk.place(Array(bytes[..<(used - 3)]), at: path)
        let tool = Tool(disk)
        #expect(tool.log("apache").status == .torn)
        #expect(tool.log(path).status == .torn)
        #expect(tool.verify("apache").status == .torn)
        #expect(tool.tree("apache").status == .torn)
    }

    @Test("An older segment by itself is whole though the log goes on elsewhere")
    func olderSegment() throws {
        let tool = Tool(try Scenario.disk())
        #expect(tool.log(Scenario.first).status == .clean)
        #expect(tool.log(Scenario.second).status == .clean)
    }
}
