import DataTree
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A directory that Apache ZooKeeper 3.8.0 wrote; see Fixtures/README.md.
struct ApacheImportTests {
    static let names = ["snapshot.0", "snapshot.21", "log.1", "log.22"]

    static func fixture(_ name: String) throws -> [UInt8] {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        return [UInt8](
            try Data(contentsOf: here.appending(path: "Fixtures/apache-3.8.0/" + name)))
    }

    /// A disk with the directory on it, some files of it left out.
    static func disk(without missing: Set<String> = []) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        try disk.createDirectory("data")
        try disk.createDirectory("data/version-2")
        try disk.syncDirectory(".")
        try disk.syncDirectory("data")
        for name in names where !missing.contains(name) {
            disk.place(try fixture("version-2/" + name), at: "data/version-2/" + name)
        }
        return disk
    }

    /// What a client of Apache saw, a line per znode; /zookeeper has its own stats there.
    static func expected() throws -> [String] {
        String(decoding: try fixture("tree.txt"), as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }

    static func lines(_ tree: DataTree) -> [String] {
        var lines: [String] = []
        func visit(_ path: String) {
            let found = (path == "/" ? "" : path).withByteView { tree.find($0) }
            guard let ref = found else { return }
            let stat = tree.stat(of: ref)
            let data = tree.data(of: ref).map { $0.map { hex($0) }.joined() } ?? "-"
            let acl = tree.entries(of: tree.acl(of: ref)).map {
                "\($0.permissions.rawValue):\($0.identity.scheme):\($0.identity.id)"
            }.joined(separator: ",")
            let numbers: [any CustomStringConvertible] = [
                stat.czxid.rawValue, stat.mzxid.rawValue, stat.ctime, stat.mtime, stat.version,
                stat.cversion, stat.aversion, UInt64(bitPattern: stat.ephemeralOwner),
                stat.pzxid.rawValue,
            ]
            lines.append(
                ([path, data, acl] + numbers.map(\.description)).joined(separator: "\t"))
            var names: [String] = []
            tree.forEachChild(of: ref) { names.append($0.text) }
            for name in names.sorted() {
                visit(path == "/" ? "/" + name : path + "/" + name)
            }
        }
        visit("/")
        return lines
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    @Test("Apache's directory is imported to the last field, and is left as it was")
    func importAll() throws {
        let disk = try Self.disk()
        let state = try Start.load(disk)
        #expect(state.report.start == .importApache)
        #expect(state.report.imported?.snapshot == SnapshotName(fileName: "snapshot.21"))
        #expect(state.report.imported?.replayedCount == 6)
        #expect(state.report.lastZxid == Zxid(rawValue: 0x27))
        #expect(Self.lines(state.tree) == (try Self.expected()))
        #expect(state.tree.sessions.count == 1)
        for name in Self.names {
            let content = try Self.fixture("version-2/" + name)
            #expect(disk.content(of: "data/version-2/" + name) == content)
        }
        #expect(try disk.list("data/version-2") == Self.names.sorted())
    }

    @Test("After the import the server writes on, and the next start does not import again")
    func goesOn() throws {
        let disk = try Self.disk()
        var server = TestServer(try Start.load(disk), seed: 5)
        try server.run(50)
        let live = server.tree.dump()
        try server.stop()
        let state = try Start.load(disk)
        #expect(state.report.start == .resume)
        #expect(state.report.imported == nil)
        #expect(state.tree.dump() == live)
    }

    @Test("The log alone, from its beginning, gives the same tree as snapshot and log")
    func withoutSnapshots() throws {
        let state = try Start.load(Self.disk(without: ["snapshot.0", "snapshot.21"]))
        #expect(Self.lines(state.tree) == (try Self.expected()))
        #expect(state.report.imported?.snapshot == nil)
    }

    @Test("A damaged snapshot of Apache's is passed over for an older one")
    func olderSnapshot() throws {
        let disk = try Self.disk()
        disk.corrupt("data/version-2/snapshot.21", 1000, bits: 1)
        let state = try Start.load(disk)
        #expect(state.report.imported?.snapshot == SnapshotName(fileName: "snapshot.0"))
        #expect(state.report.imported?.skipped.map(\.name) == ["snapshot.21"])
        #expect(Self.lines(state.tree) == (try Self.expected()))
    }

    @Test("S-15: a missing log of Apache's refuses the import, naming the range")
    func missingLog() throws {
        let disk = try Self.disk(without: ["snapshot.21", "log.1"])
        #expect(
            Start.failure(disk)
                == .apacheGap(
                    path: "data/version-2/log.22", after: .zero, found: Zxid(rawValue: 0x22)))
        #expect(!disk.exists("data/zknode/meta-a"))
    }

    @Test("S-21: neither a snapshot nor the log's beginning refuses the import")
    func nothing() throws {
        let disk = try Self.disk(without: ["snapshot.0", "snapshot.21", "log.1"])
        guard case .apacheNoSnapshot = Start.failure(disk) else {
            Issue.record("the import was not refused")
            return
        }
    }

    @Test("A flipped bit anywhere in Apache's log is refused")
    func damagedLog() throws {
        let bytes = try Self.fixture("version-2/log.22")
        let used = bytes.lastIndex { $0 != 0 }! + 1
        for offset in 0..<used {
            let disk = try Self.disk()
            disk.corrupt("data/version-2/log.22", offset, bits: 1)
            let error = Start.failure(disk)
            if error == nil {
                // The database id, which Apache does not look at either.
                #expect((8..<16).contains(offset), "byte \(offset)")
            }
        }
    }

    @Test("A log of Apache's that was cut anywhere ends with its last whole record")
    func cutLog() throws {
        let bytes = try Self.fixture("version-2/log.22")
        let used = bytes.lastIndex { $0 != 0 }! + 1
        var last = Zxid.zero
        for length in Array(stride(from: 0, through: used, by: 3)) + [used] {
            let disk = try Self.disk()
            disk.place(Array(bytes[..<length]), at: "data/version-2/log.22")
            let state = try Start.load(disk)
            #expect(state.report.lastZxid >= last)
            last = state.report.lastZxid
            // Zeros behind, as in a file that was extended in advance.
            let padded = try Self.disk()
            padded.place(
                Array(bytes[..<length]) + [UInt8](repeating: 0, count: 512),
                at: "data/version-2/log.22")
            #expect(try Start.load(padded).report.lastZxid == last)
        }
        #expect(last == Zxid(rawValue: 0x27))
    }

    @Test("An import that is cut short at any operation begins again and ends the same")
    func crashes() throws {
        let expected = try Self.expected()
        var cut = 0
        var isComplete = false
        while !isComplete {
            cut += 1
            let disk = try Self.disk()
            disk.cutPower(at: cut)
            isComplete = Start.failure(disk) == nil
            for state in disk.crashStates(limit: 6, seed: UInt64(cut)) {
                let recovered = try Start.load(state)
                try #require(Self.lines(recovered.tree) == expected, "operation \(cut)")
            }
        }
        #expect(cut > 20)
    }
}
