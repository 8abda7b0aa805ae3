import DataTree
import ZKWire

/// A leader in small: makes valid transactions of every kind at random, applies them to its tree
/// and keeps them.
struct Workload {
    let tree = DataTree(seed: 42)
    var history = History()
    var random: SplitMix
    private var openSessions: [Int64] = []
    private var nextSession: Int64 = 0x100_0000_0000_0001
    private var nextUser = 0
    /// Few names, so that paths are deleted and created again.
    private let names = ["a", "b", "c", "dd", "a-rather-longer-name"]

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func step() {
        switch random.below(100) {
        case 0..<34: create()
        case 34..<56: delete()
        case 56..<70: setData()
        case 70..<76: setACL()
        case 76..<80: createSession()
        case 80..<83: closeSession()
        case 83..<93: multi()
        case 93..<95: failedMulti()
        case 95..<97: quota()
        default: commit(.error) { $0.writeErrorTxn(ErrorCode.badVersion.rawValue) }
        }
    }

    private mutating func commit(
        _ op: OpCode, session: Int64 = 0, _ encode: (ByteWriter) -> Void
    ) {
        tree.apply(history.add(op, session: session, encode))
    }

    // What there is.

    /// A znode of the clients', found by going down from the root at random.
    private mutating func somePath() -> String? {
        var path = ""
        while true {
            let children = tree.children(path).filter { $0 != "zookeeper" }
            if children.isEmpty || (!path.isEmpty && random.chance(40)) { break }
            path += "/" + children[random.below(children.count)]
        }
        return path.isEmpty ? nil : path
    }

    private func isLeaf(_ path: String) -> Bool { tree.children(path).isEmpty }

    private mutating func freePath() -> String? {
        var parent = random.chance(30) ? "" : somePath() ?? ""
        if let ref = tree.find(parent), case .ephemeral = tree.kind(of: ref) { parent = "" }
        let path = parent + "/" + names[random.below(names.count)]
        return tree.find(path) == nil ? path : nil
    }

    private func parent(of path: String) -> String {
        String(path[..<path.lastIndex(of: "/")!])
    }

    private mutating func someData() -> [UInt8]? {
        random.chance(5)
            ? nil : [UInt8](repeating: UInt8(random.below(256)), count: random.below(60))
    }

    private mutating func someACL() -> [ACLEntry] {
        if random.chance(50) { return ACLEntry.openUnsafe }
        // Often a list that nobody has had yet.
        if random.chance(50) { nextUser += 1 }
        let user = Identity(scheme: "digest", id: "user\(nextUser):hash")
        return [ACLEntry(permissions: .all, identity: user)]
    }

    // What happens.

    private mutating func create() {
        guard let path = freePath() else { return }
        var txn = TestCreate(
            path: path, data: someData(), acl: someACL(),
            parentCVersion: tree.nextCVersion(parent(of: path)))
        var session: Int64 = 0
        switch random.below(10) {
        case 0: txn.kind = .container
        case 1: txn.kind = .ttl(milliseconds: Int64(1 + random.below(1000)))
        case 2...5 where !openSessions.isEmpty:
            txn.kind = .ephemeral
            session = openSessions[random.below(openSessions.count)]
        default: break
        }
        commit(txn.op, session: session) { txn.encode(into: $0) }
    }

    private mutating func delete() {
        guard let path = somePath(), isLeaf(path) else { return }
        let op = random.chance(10) ? OpCode.deleteContainer : .delete
        commit(op) { $0.writeDelete(path) }
    }

    private mutating func setData() {
        guard let path = somePath(), let stat = tree.stat(path) else { return }
        let data = someData()
        commit(.setData) { $0.writeSetData(path, data, version: stat.version + 1) }
    }

    private mutating func setACL() {
        guard let path = somePath(), let stat = tree.stat(path) else { return }
        let acl = someACL()
        commit(.setACL) { $0.writeSetACL(path, acl, version: stat.aversion + 1) }
    }

    private mutating func createSession() {
        openSessions.append(nextSession)
        let timeout = Int32(4000 + history.records.count)
        commit(.createSession, session: nextSession) {
            $0.writeCreateSessionTxn(timeoutMilliseconds: timeout)
        }
        nextSession += 1
    }

    private mutating func closeSession() {
        guard !openSessions.isEmpty else { return }
        let session = openSessions.remove(at: random.below(openSessions.count))
        var paths: [String] = []
        tree.forEachEphemeral(of: SessionID(rawValue: session)) { paths.append($0.text) }
        commit(.closeSession, session: session) { $0.writeCloseSession(paths) }
    }

    private mutating func quota() {
        let target = "/" + names[random.below(names.count)]
        let base = "/zookeeper/quota" + target
        if tree.find(base) == nil {
            createPlain(base)
        } else if tree.find(base + "/zookeeper_limits") == nil {
            createPlain(base + "/zookeeper_limits", Array("count=5,bytes=100".utf8))
            createPlain(base + "/zookeeper_stats", Array("count=0,bytes=0".utf8))
        } else {
            commit(.delete) { $0.writeDelete(base + "/zookeeper_limits") }
            commit(.delete) { $0.writeDelete(base + "/zookeeper_stats") }
        }
    }

    private mutating func createPlain(_ path: String, _ data: [UInt8] = []) {
        let txn = TestCreate(
            path: path, data: data, parentCVersion: tree.nextCVersion(parent(of: path)))
        commit(.create) { txn.encode(into: $0) }
    }

    /// Several changes of one path and of what is below, all at one zxid.
    private mutating func multi() {
        var parts: [(OpCode, (ByteWriter) -> Void)] = []
        var path = freePath()
        if let leaf = somePath(), isLeaf(leaf), random.chance(50) {
            parts.append((.delete, { $0.writeDelete(leaf) }))
            path = leaf
        }
        guard let path else { return }
        let create = TestCreate(
            path: path, data: someData(), acl: someACL(),
            parentCVersion: tree.nextCVersion(parent(of: path)))
        parts.append((.create, { create.encode(into: $0) }))
        if random.chance(50) {
            var again = create
            again.parentCVersion += 1
            again.acl = someACL()
            parts.append((.delete, { $0.writeDelete(path) }))
            parts.append((.create, { again.encode(into: $0) }))
        }
        appendChanges(below: path, to: &parts)
        if random.chance(15) { parts.append((.check, { $0.writeSetACL(path, [], version: 0) })) }
        commit(.multi) { $0.writeMulti(parts) }
    }

    private mutating func appendChanges(
        below path: String, to parts: inout [(OpCode, (ByteWriter) -> Void)]
    ) {
        if random.chance(50) {
            let data = someData()
            parts.append((.setData, { $0.writeSetData(path, data, version: 1) }))
            parts.append((.setData, { $0.writeSetData(path, [1, 2, 3], version: 2) }))
        }
        guard random.chance(50) else { return }
        let child = TestCreate(path: path + "/a", acl: someACL(), parentCVersion: 1)
        parts.append((.create2, { child.encode(into: $0) }))
        guard random.chance(50) else { return }
        parts.append((.delete, { $0.writeDelete(path + "/a") }))
        if random.chance(50) { parts.append((.delete, { $0.writeDelete(path) })) }
    }

    private mutating func failedMulti() {
        let create = TestCreate(path: "/never", parentCVersion: tree.nextCVersion(""))
        commit(.multi) {
            $0.writeMulti([
                (.create, { create.encode(into: $0) }),
                (.error, { $0.writeErrorTxn(ErrorCode.noNode.rawValue) }),
            ])
        }
    }
}
