import DataTree
import Foundation
import ServerCore
import Testing
import ZKWire

@Suite("Watch table")
struct WatchTableTests {
    private let table = WatchTable(seed: 9)
    private let first = ConnectionID(rawValue: 1)
    private let second = ConnectionID(rawValue: 2)

    /// What a change set off: "connection event path", in order.
    private enum Change { case created, deleted, dataChanged }

    private func events(_ change: Change, _ path: String) -> [String] {
        WatchTableTests.events(of: table, change, path)
    }

    private static func events(of table: WatchTable, _ change: Change, _ path: String) -> [String] {
        var heard: [String] = []
        let body: WatchTable.Body = { heard.append("\($0) \($1) \($2.text)") }
        path.withByteView { path in
            switch change {
            case .created: table.nodeCreated(path, body)
            case .deleted: table.nodeDeleted(path, body)
            case .dataChanged: table.nodeDataChanged(path, body)
            }
        }
        return heard
    }

    private func addData(_ path: String, _ connection: ConnectionID) {
        path.withByteView { table.addData($0, connection) }
    }
    private func addChild(_ path: String, _ connection: ConnectionID) {
        path.withByteView { table.addChild($0, connection) }
    }
    private func addPersistent(_ path: String, recursive: Bool, _ connection: ConnectionID) {
        path.withByteView { table.addPersistent($0, recursive: recursive, connection) }
    }
    private func contains(_ path: String, _ type: WatcherType, _ connection: ConnectionID) -> Bool {
        path.withByteView { table.contains($0, type, connection) }
    }
    private func remove(_ path: String, _ type: WatcherType, _ connection: ConnectionID) -> Bool {
        path.withByteView { table.remove($0, type, connection) }
    }

    @Test("a data watch fires once, for each of the changes that it is for")
    func dataWatch() {
        for (change, event) in [
            (Change.created, "nodeCreated"), (.deleted, "nodeDeleted"),
            (.dataChanged, "nodeDataChanged"),
        ] {
            addData("/a", first)
            #expect(events(change, "/a") == ["#1 \(event) /a"])
            #expect(events(change, "/a") == [])
            #expect(table.isEmpty)
        }
    }

    @Test("a child watch fires once when a child comes or goes and when the znode goes")
    func childWatch() {
        addChild("/a", first)
        #expect(events(.created, "/a/b") == ["#1 nodeChildrenChanged /a"])
        #expect(events(.deleted, "/a/b") == [])
        addChild("/a", first)
        #expect(events(.dataChanged, "/a") == [])
        #expect(events(.created, "/a") == [])
        #expect(events(.deleted, "/a") == ["#1 nodeDeleted /a"])
        addChild("/", first)
        #expect(events(.created, "/a") == ["#1 nodeChildrenChanged /"])
        #expect(table.isEmpty)
    }

    @Test("a connection with a data and a child watch hears of a deletion once")
    func deletionIsHeardOnce() {
        addData("/a", first)
        addChild("/a", first)
        addChild("/a", second)
        addPersistent("/", recursive: true, first)
        #expect(events(.deleted, "/a") == ["#1 nodeDeleted /a", "#2 nodeDeleted /a"])
        #expect(events(.deleted, "/a") == ["#1 nodeDeleted /a"])
    }

    @Test("a persistent watch fires each time, for the znode and for its children")
    func persistentWatch() {
        addPersistent("/a", recursive: false, first)
        for _ in 0..<2 {
            #expect(events(.created, "/a") == ["#1 nodeCreated /a"])
            #expect(events(.dataChanged, "/a") == ["#1 nodeDataChanged /a"])
            #expect(events(.created, "/a/b") == ["#1 nodeChildrenChanged /a"])
            #expect(events(.dataChanged, "/a/b") == [])
            #expect(events(.deleted, "/a") == ["#1 nodeDeleted /a"])
        }
    }

    @Test("4475: a recursive watch hears of everything below, but not that children changed")
    func recursiveWatch() {
        addPersistent("/a", recursive: true, first)
        #expect(events(.created, "/a/b/c") == ["#1 nodeCreated /a/b/c"])
        #expect(events(.dataChanged, "/a") == ["#1 nodeDataChanged /a"])
        #expect(events(.deleted, "/a/b") == ["#1 nodeDeleted /a/b"])
        #expect(events(.created, "/ab") == [])
        #expect(events(.created, "/") == [])
        addPersistent("/", recursive: true, first)
        #expect(events(.created, "/a/b") == ["#1 nodeCreated /a/b"])
    }

    @Test("modes on one path are kept apart and removed apart")
    func modeMix() {
        addData("/a", first)
        addChild("/a", first)
        addPersistent("/a", recursive: false, first)
        addPersistent("/a", recursive: true, first)
        #expect(table.counts.total == 2)
        #expect(events(.dataChanged, "/a") == ["#1 nodeDataChanged /a"])
        #expect(!contains("/a", .data, first))
        #expect(contains("/a", .children, first))
        #expect(remove("/a", .children, first))
        #expect(!remove("/a", .children, first))
        #expect(contains("/a", .persistent, first))
        #expect(remove("/a", .persistent, first))
        #expect(!contains("/a", .persistent, first))
        #expect(contains("/a", .persistentRecursive, first))
        #expect(contains("/a", .any, first))
        #expect(!contains("/a", .any, second))
        #expect(remove("/a", .any, first))
        #expect(!remove("/a", .any, first))
        #expect(table.isEmpty && table.counts == WatchCounts())
    }

    @Test("the counts are those of the data watches, as the four-letter words have them")
    func counts() {
        addData("/a", first)
        addData("/b", first)
        addData("/b", second)
        addChild("/c", second)
        addPersistent("/c", recursive: false, second)
        #expect(table.counts.dataWatches == 4)
        #expect(table.counts.childWatches == 1)
        #expect(table.counts.dataPaths == 3)
        #expect(table.counts.dataConnections == 2)
        var byPath: [String] = []
        table.forEachDataWatchByPath { byPath.append("\($0.text) \($1)") }
        #expect(byPath == ["/a #1", "/b #1", "/b #2", "/c #2"])
        var byConnection: [String] = []
        table.forEachDataWatchByConnection { byConnection.append("\($0) \($1.text)") }
        #expect(byConnection == ["#1 /a", "#1 /b", "#2 /b", "#2 /c"])
        table.removeAll(first)
        #expect(table.counts.dataWatches == 2 && table.counts.dataConnections == 1)
        table.removeAll(second)
        #expect(table.counts == WatchCounts())
    }

    @Test("1412, 1667: a watch that is set again after a reconnect tells at once what was missed")
    func restore() throws {
        let tree = DataTree()
        let create = ByteWriter()
        let acl = ByteWriter()
        acl.writeACL(ACLEntry.openUnsafe)
        "/a".withByteView { path in
            create.writeCreateTxn(
                CreateTxn(
                    path: path, data: nil, acl: acl.view, kind: .persistent, parentCVersion: 1))
        }
        var reader = JuteReader(create.view)
        let header = TxnHeader(
            session: .none, cxid: 0, zxid: Zxid(rawValue: 10), time: 1, type: OpCode.create.rawValue
        )
        var nobody = NoObserver()
        tree.apply(header, try reader.readTxn(type: header.type), observer: &nobody)

        func restore(_ kind: WatchKind, _ path: String, since zxid: Int64) -> EventType? {
            path.withByteView {
                table.restore(kind, $0, since: Zxid(rawValue: zxid), in: tree, first)
            }
        }
        #expect(restore(.data, "/a", since: 9) == .nodeDataChanged)
        #expect(restore(.data, "/b", since: 10) == .nodeDeleted)
        #expect(restore(.child, "/", since: 9) == .nodeChildrenChanged)
        #expect(restore(.child, "/b", since: 10) == .nodeDeleted)
        #expect(restore(.exist, "/a", since: 10) == .nodeCreated)
        #expect(table.isEmpty)
        #expect(restore(.data, "/a", since: 10) == nil)
        #expect(restore(.child, "/", since: 10) == nil)
        #expect(restore(.exist, "/b", since: 10) == nil)
        #expect(restore(.persistent, "/p", since: 0) == nil)
        #expect(restore(.persistentRecursive, "/r", since: 0) == nil)
        #expect(contains("/a", .data, first) && contains("/", .children, first))
        #expect(contains("/b", .data, first) && contains("/p", .persistent, first))
        #expect(contains("/r", .persistentRecursive, first))
    }

    @Test("one hundred thousand watches on a znode fire in the order they were set and are gone")
    func manyWatches() {
        for number in 0..<100_000 { addData("/a", ConnectionID(rawValue: UInt64(number))) }
        var heard = 0
        var isInOrder = true
        "/a".withByteView { path in
            table.nodeDataChanged(path) { connection, _, _ in
                isInOrder = isInOrder && connection.rawValue == UInt64(heard)
                heard += 1
            }
        }
        #expect(heard == 100_000 && isInOrder && table.isEmpty)
    }
}

/// Apache's two managers, the naive way: a set of modes for each table, path and connection.
private struct WatchModel {
    enum Mode: Hashable { case once, persistent, recursive }
    struct Key: Hashable {
        let path: String
        let connection: ConnectionID
    }

    var data: [Key: Set<Mode>] = [:]
    var child: [Key: Set<Mode>] = [:]

    /// Returns who gets an event, and takes the one-shot watches away.
    private static func trigger(
        _ table: inout [Key: Set<Mode>], _ path: String
    ) -> Set<ConnectionID> {
        var told: Set<ConnectionID> = []
        for (key, modes) in table {
            if key.path == path {
                told.insert(key.connection)
                table[key] = modes.subtracting([.once])
                if table[key]?.isEmpty == true { table[key] = nil }
            } else if modes.contains(.recursive), key.path == "/" || path.hasPrefix(key.path + "/")
            {
                told.insert(key.connection)
            }
        }
        return told
    }

    private static func parent(of path: String) -> String {
        let parent = String(path[..<path.lastIndex(of: "/")!])
        return parent.isEmpty ? "/" : parent
    }

    mutating func created(_ path: String) -> Set<String> {
        let told = WatchModel.trigger(&data, path).map { "\($0) nodeCreated \(path)" }
        return Set(told).union(childrenChanged(path))
    }

    mutating func deleted(_ path: String) -> Set<String> {
        let told = WatchModel.trigger(&data, path).union(WatchModel.trigger(&child, path))
        return Set(told.map { "\($0) nodeDeleted \(path)" }).union(childrenChanged(path))
    }

    mutating func changed(_ path: String) -> Set<String> {
        Set(WatchModel.trigger(&data, path).map { "\($0) nodeDataChanged \(path)" })
    }

    private mutating func childrenChanged(_ path: String) -> Set<String> {
        let parent = WatchModel.parent(of: path)
        return Set(
            WatchModel.trigger(&child, parent).map { "\($0) nodeChildrenChanged \(parent)" })
    }

    func contains(_ path: String, _ type: WatcherType, _ connection: ConnectionID) -> Bool {
        let key = Key(path: path, connection: connection)
        switch type {
        case .children: return child[key]?.contains(.once) == true
        case .data: return data[key]?.contains(.once) == true
        case .persistent: return data[key]?.contains(.persistent) == true
        case .persistentRecursive: return data[key]?.contains(.recursive) == true
        case .any: return data[key] != nil || child[key] != nil
        }
    }

    mutating func remove(_ path: String, _ type: WatcherType, _ connection: ConnectionID) -> Bool {
        let isThere = contains(path, type, connection)
        let key = Key(path: path, connection: connection)
        switch type {
        case .children: child[key]?.remove(.once)
        case .data: data[key]?.remove(.once)
        case .persistent:
            data[key]?.remove(.persistent)
            child[key]?.remove(.persistent)
        case .persistentRecursive: data[key]?.remove(.recursive)
        case .any:
            data[key] = nil
            child[key] = nil
        }
        if data[key]?.isEmpty == true { data[key] = nil }
        if child[key]?.isEmpty == true { child[key] = nil }
        return isThere
    }
}

@Suite("Watch table against a model")
struct WatchTableModelTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) | (state << 31)
        }
    }

    private static let paths = ["/", "/a", "/a/b", "/a/b/c", "/a/c", "/ab", "/b"]
    private static let types: [WatcherType] = [
        .children, .data, .any, .persistent, .persistentRecursive,
    ]

    @Test("any mix of operations gives the events of the model, each once")
    func randomOperations() {
        for seed in 0..<UInt64(200) {
            var random = Generator(state: seed)
            let table = WatchTable(seed: seed)
            var model = WatchModel()
            for _ in 0..<400 { step(table, &model, &random) }
            #expect(table.counts.dataWatches == model.data.count, "seed \(seed)")
            #expect(table.counts.childWatches == model.child.count, "seed \(seed)")
            #expect(table.counts.dataPaths == Set(model.data.keys.map(\.path)).count)
            #expect(table.counts.dataConnections == Set(model.data.keys.map(\.connection)).count)
        }
    }

    private func step(_ table: WatchTable, _ model: inout WatchModel, _ random: inout Generator) {
        let path = WatchTableModelTests.paths.randomElement(using: &random)!
        let connection = ConnectionID(rawValue: UInt64.random(in: 1...5, using: &random))
        let key = WatchModel.Key(path: path, connection: connection)
        path.withByteView { bytes in
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1:
                table.addData(bytes, connection)
                model.data[key, default: []].insert(.once)
            case 2, 3:
                table.addChild(bytes, connection)
                model.child[key, default: []].insert(.once)
            case 4:
                table.addPersistent(bytes, recursive: false, connection)
                model.data[key, default: []].insert(.persistent)
                model.child[key, default: []].insert(.persistent)
            case 5:
                table.addPersistent(bytes, recursive: true, connection)
                model.data[key, default: []].insert(.recursive)
            case 6, 7:
                let type = WatchTableModelTests.types.randomElement(using: &random)!
                #expect(
                    table.contains(bytes, type, connection)
                        == model.contains(path, type, connection))
                #expect(
                    table.remove(bytes, type, connection) == model.remove(path, type, connection))
            case 8 where Int.random(in: 0..<4, using: &random) == 0:
                table.removeAll(connection)
                model.data = model.data.filter { $0.key.connection != connection }
                model.child = model.child.filter { $0.key.connection != connection }
            default: trigger(table, &model, path, bytes, &random)
            }
        }
    }

    private func trigger(
        _ table: WatchTable, _ model: inout WatchModel, _ path: String, _ bytes: ByteView,
        _ random: inout Generator
    ) {
        // The root neither comes nor goes.
        let change = path == "/" ? 0 : Int.random(in: 0..<3, using: &random)
        var heard: [String] = []
        let body: WatchTable.Body = { heard.append("\($0) \($1) \($2.text)") }
        switch change {
        case 0:
            table.nodeDataChanged(bytes, body)
            #expect(Set(heard) == model.changed(path))
        case 1:
            table.nodeCreated(bytes, body)
            #expect(Set(heard) == model.created(path))
        default:
            table.nodeDeleted(bytes, body)
            #expect(Set(heard) == model.deleted(path))
        }
        #expect(Set(heard).count == heard.count, "an event came twice: \(heard)")
    }
}

/// Not a test: prints what watches cost. To be run in release:
///
///     ZKNODE_MEASURE=1 swift test -c release --filter WatchMeasurement
@Suite(
    "WatchMeasurement", .enabled(if: ProcessInfo.processInfo.environment["ZKNODE_MEASURE"] != nil))
struct WatchMeasurement {
    private let clock = ProcessorClock()

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
            .split(separator: " ")
        return (Int(fields[1]) ?? 0) * 4096
    }

    @Test("many watches on a path, and many paths with one")
    func measure() throws {
        let table = WatchTable(seed: 1)
        let count = 100_000
        "/a".withByteView { path in
            let adding = clock.measure {
                for number in 0..<count {
                    table.addData(path, ConnectionID(rawValue: UInt64(number)))
                }
            }
            var heard = 0
            let firing = clock.measure { table.nodeDataChanged(path) { _, _, _ in heard += 1 } }
            print("\(count) watches on one path: set in \(adding), fired in \(firing), \(heard)")
        }
        let before = try residentBytes()
        let paths = (0..<count * 10).map { "/bench/n\($0 + 100_000_000_000)" }
        let between = try residentBytes()
        for path in paths {
            path.withByteView { table.addData($0, ConnectionID(rawValue: 1)) }
        }
        let after = try residentBytes()
        print(
            "\((after - between) / paths.count) bytes a watch (\(between - before) for the paths)")
        let dropping = clock.measure { table.removeAll(ConnectionID(rawValue: 1)) }
        print("\(paths.count) watches of one connection dropped in \(dropping)")
        let nothing = clock.measure {
            "/bench/n1".withByteView { path in
                for _ in 0..<1_000_000 { table.nodeDataChanged(path) { _, _, _ in } }
            }
        }
        print("a million triggers without watches: \(nothing)")
    }
}

/// Time that this thread was on a processor, so that other work on the machine shows less.
private struct ProcessorClock {
    func measure<E: Error>(_ body: () throws(E) -> Void) throws(E) -> Duration {
        let start = now()
        try body()
        return now() - start
    }

    private func now() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
