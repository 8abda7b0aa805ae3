import DataTree
import Testing
import ZKWire

/// The tree as a dictionary: what a reader of Apache's documentation would write.
private struct Model {
    struct Znode: Equatable {
        var data: [UInt8]?
        var acl: [ACLEntry]
        var stat: Stat
        var kind: NodeKind
        var creations: Int32 = 0
    }

    var znodes: [String: Znode] = [:]

    static func parent(of path: String) -> String {
        let parent = String(path[..<path.lastIndex(of: "/")!])
        return parent.isEmpty ? "/" : parent
    }

    func children(of path: String) -> [String] {
        let prefix = path == "/" ? "/" : path + "/"
        return znodes.keys
            .filter {
                $0 != "/" && $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains("/")
            }
            .map { String($0.dropFirst(prefix.count)) }.sorted()
    }

    mutating func create(_ txn: TestCreate, session: Int64, zxid: Int64) {
        let time = History.time(of: zxid)
        let zxid = Zxid(rawValue: zxid)
        let length = Int32(txn.data?.count ?? 0)
        var stat = Stat(
            czxid: zxid, mzxid: zxid, ctime: time, mtime: time, version: 0, cversion: 0,
            aversion: 0,
            ephemeralOwner: 0, dataLength: length, numChildren: 0, pzxid: zxid)
        var kind = NodeKind.persistent
        switch txn.kind {
        case .persistent: break
        case .ephemeral:
            stat.ephemeralOwner = session
            kind = .ephemeral(SessionID(rawValue: session))
        case .container: kind = .container
        case .ttl(let milliseconds): kind = .ttl(milliseconds: milliseconds)
        }
        znodes[txn.path] = Znode(data: txn.data, acl: txn.acl, stat: stat, kind: kind)
        changeChildren(of: txn.path, by: 1, zxid)
        znodes[Model.parent(of: txn.path)]!.creations += 1
    }

    mutating func delete(_ path: String, zxid: Int64) {
        znodes[path] = nil
        changeChildren(of: path, by: -1, Zxid(rawValue: zxid))
    }

    private mutating func changeChildren(of path: String, by change: Int32, _ zxid: Zxid) {
        let parent = Model.parent(of: path)
        znodes[parent]!.stat.cversion += 1
        znodes[parent]!.stat.numChildren += change
        znodes[parent]!.stat.pzxid = zxid
    }
}

@Suite("The tree against a model")
struct ModelTests {
    private static let names = ["a", "b", "c", "some-longer-name", "é"]

    @Test("random operations leave tree and model the same")
    func randomOperations() throws {
        for seed in 0..<UInt64(60) {
            var random = SplitMix(seed: seed)
            let tree = DataTree(seed: seed)
            var history = History()
            var model = Model()
            for path in ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"] {
                let ref = try #require(tree.find(path))
                model.znodes[path] = .init(
                    data: [], acl: tree.entries(of: tree.acl(of: ref)), stat: tree.stat(of: ref),
                    kind: .persistent)
            }
            for _ in 0..<250 { step(tree, &model, &history, &random) }
            try compare(tree, model, seed)
        }
    }

    private func step(
        _ tree: DataTree, _ model: inout Model, _ history: inout History, _ random: inout SplitMix
    ) {
        let paths = model.znodes.keys.filter { !$0.hasPrefix("/zookeeper") }.sorted()
        let path = paths[random.below(paths.count)]
        let data: [UInt8]? =
            random.chance(10) ? nil : [UInt8](repeating: 1, count: random.below(300))
        let acl = [
            ACLEntry(
                permissions: .all,
                identity: Identity(scheme: "digest", id: "user\(random.below(4))"))
        ]
        switch random.below(10) {
        case 0..<5:
            create(below: path, data, acl, tree, &model, &history, &random)
        case 5, 6:
            guard path != "/", model.children(of: path).isEmpty else { return }
            tree.apply(history.add(.delete) { $0.writeDelete(path) })
            model.delete(path, zxid: history.zxid)
        case 7, 8:
            let version = model.znodes[path]!.stat.version + 1
            tree.apply(history.add(.setData) { $0.writeSetData(path, data, version: version) })
            model.znodes[path]!.data = data
            model.znodes[path]!.stat.version = version
            model.znodes[path]!.stat.dataLength = Int32(data?.count ?? 0)
            model.znodes[path]!.stat.mzxid = Zxid(rawValue: history.zxid)
            model.znodes[path]!.stat.mtime = History.time(of: history.zxid)
        default:
            let version = model.znodes[path]!.stat.aversion + 1
            tree.apply(history.add(.setACL) { $0.writeSetACL(path, acl, version: version) })
            model.znodes[path]!.acl = acl
            model.znodes[path]!.stat.aversion = version
        }
    }

    private func create(
        below parent: String, _ data: [UInt8]?, _ acl: [ACLEntry], _ tree: DataTree,
        _ model: inout Model, _ history: inout History, _ random: inout SplitMix
    ) {
        let name = ModelTests.names[random.below(ModelTests.names.count)]
        let path = (parent == "/" ? "" : parent) + "/" + name
        guard model.znodes[path] == nil, model.znodes[parent]!.kind.ephemeralOwner <= 0 else {
            return
        }
        let kinds: [CreateTxn.Kind] = [
            .persistent, .persistent, .ephemeral, .container, .ttl(milliseconds: 10),
        ]
        let txn = TestCreate(
            path: path, data: data, acl: acl, kind: kinds[random.below(kinds.count)],
            parentCVersion: model.znodes[parent]!.creations + 1)
        let session = Int64(1 + random.below(3))
        tree.apply(history.add(txn.op, session: session) { txn.encode(into: $0) })
        model.create(txn, session: session, zxid: history.zxid)
    }

    private func compare(_ tree: DataTree, _ model: Model, _ seed: UInt64) throws {
        tree.checkInvariants()
        #expect(tree.nodeCount == model.znodes.count + 1)
        var ephemerals: [SessionID: Set<String>] = [:]
        for (path, znode) in model.znodes {
            let ref = try #require(tree.find(path), "\(path), seed \(seed)")
            #expect(tree.stat(of: ref) == znode.stat, "\(path), seed \(seed)")
            #expect(tree.data(of: ref).map { [UInt8]($0) } == znode.data)
            #expect(tree.entries(of: tree.acl(of: ref)) == znode.acl)
            #expect(tree.kind(of: ref) == znode.kind)
            #expect(tree.children(path) == model.children(of: path))
            #expect(tree.path(ref) == path)
            let prefix = path == "/" ? "/" : path + "/"
            let below = model.znodes.keys.filter { $0 != path && $0.hasPrefix(prefix) }
            #expect(tree.descendantCount(of: ref) == below.count)
            if case .ephemeral(let session) = znode.kind {
                ephemerals[session, default: []].insert(path)
            }
        }
        #expect(tree.sessionsWithEphemerals == ephemerals.keys.sorted())
        for (session, expected) in ephemerals {
            var paths: Set<String> = []
            tree.forEachEphemeral(of: session) { paths.insert($0.text) }
            #expect(paths == expected)
        }
    }
}
