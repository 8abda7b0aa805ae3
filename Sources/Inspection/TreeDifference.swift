import DataTree
import Storage
import ZKWire

/// What is in one tree and not in another.
struct TreeDifference {
    enum Change: Equatable { case created, deleted, changed }

    struct Field: Equatable {
        let name: String
        let before: JSONValue
        let after: JSONValue
    }

    struct Entry {
        let path: String
        let change: Change
        /// Which are not the same; of a znode that came or went, what it has.
        let fields: [Field]
    }

    private(set) var znodes: [Entry] = []
    private(set) var sessions: [Entry] = []

    var isEmpty: Bool { znodes.isEmpty && sessions.isEmpty }

    /// - Parameter prefix: a znode that bounds the comparison, which leaves out the sessions then.
    init(from before: DataTree, to after: DataTree, under prefix: String? = nil) {
        func isWanted(_ path: ByteView) -> Bool {
            prefix.map { $0.withByteView { isWithin(path, $0) } } ?? true
        }
        var found: [(path: [UInt8], entry: Entry)] = []
        before.forEachNode { ref, path in
            guard isWanted(path) else { return }
            guard let other = Self.find(path, in: after) else {
                return found.append(([UInt8](path), Self.whole(before, ref, path, .deleted)))
            }
            let fields = Self.compare(before, ref, after, other)
            guard !fields.isEmpty else { return }
            found.append(
                ([UInt8](path), Entry(path: path.text, change: .changed, fields: fields)))
        }
        after.forEachNode { ref, path in
            guard isWanted(path), Self.find(path, in: before) == nil else { return }
            found.append(([UInt8](path), Self.whole(after, ref, path, .created)))
        }
        found.sort { $0.path.lexicographicallyPrecedes($1.path) }
        znodes = found.map(\.entry)
        if prefix == nil { compareSessions(before, after) }
    }

    private static func find(_ path: ByteView, in tree: DataTree) -> NodeRef? {
        path.count == 1 ? .root : tree.find(path)
    }

    private static func whole(
        _ tree: DataTree, _ ref: NodeRef, _ path: ByteView, _ change: Change
    ) -> Entry {
        let fields = values(of: ref, in: tree).map { name, value in
            change == .created
                ? Field(name: name, before: .null, after: value)
                : Field(name: name, before: value, after: .null)
        }
        return Entry(path: path.text, change: change, fields: fields)
    }

    /// What is said of a znode that came or went.
    private static func values(
        of ref: NodeRef, in tree: DataTree
    ) -> [(String, JSONValue)] {
        let stat = tree.persistedStat(of: ref)
        return [
            ("dataBytes", size(tree.data(of: ref))),
            ("acl", .string(aclText(tree.entries(of: tree.acl(of: ref))))),
            ("owner", .string(ownerText(stat.ephemeralOwner))),
            ("czxid", .string("\(stat.czxid)")),
            ("mzxid", .string("\(stat.mzxid)")),
        ]
    }

    private static func size(_ data: ByteView?) -> JSONValue {
        data.map { .integer($0.count) } ?? .null
    }

    private static func compare(
        _ one: DataTree, _ left: NodeRef, _ other: DataTree, _ right: NodeRef
    ) -> [Field] {
        var fields: [Field] = []
        func add(_ name: String, _ before: JSONValue, _ after: JSONValue) {
            if before != after { fields.append(Field(name: name, before: before, after: after)) }
        }
        let old = one.data(of: left)
        let new = other.data(of: right)
        if !isSame(old, new) {
            // Sizes say little where they are equal, so that the content's checksum goes along.
            fields.append(Field(name: "data", before: describe(old), after: describe(new)))
        }
        let oldACL = one.entries(of: one.acl(of: left))
        let newACL = other.entries(of: other.acl(of: right))
        if oldACL != newACL {
            add("acl", .string(aclText(oldACL)), .string(aclText(newACL)))
        }
        let before = one.persistedStat(of: left)
        let after = other.persistedStat(of: right)
        guard before != after else { return fields }
        add("version", .integer(before.version), .integer(after.version))
        add("cversion", .integer(before.cversion), .integer(after.cversion))
        add("aversion", .integer(before.aversion), .integer(after.aversion))
        add(
            "owner", .string(ownerText(before.ephemeralOwner)),
            .string(ownerText(after.ephemeralOwner)))
        add("czxid", .string("\(before.czxid)"), .string("\(after.czxid)"))
        add("mzxid", .string("\(before.mzxid)"), .string("\(after.mzxid)"))
        add("pzxid", .string("\(before.pzxid)"), .string("\(after.pzxid)"))
        add("ctime", time(before.ctime), time(after.ctime))
        add("mtime", time(before.mtime), time(after.mtime))
        return fields
    }

    private static func time(_ milliseconds: Int64) -> JSONValue {
        .string(humanTime(milliseconds: milliseconds))
    }

    private static func isSame(_ left: ByteView?, _ right: ByteView?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left.isEqual(to: right)
    }

    private static func describe(_ data: ByteView?) -> JSONValue {
        guard let data else { return .string("null") }
        return .string("\(data.count) B, crc \(hexWord(Checksum.crc32(data)))")
    }

    private mutating func compareSessions(_ before: DataTree, _ after: DataTree) {
        let ids = Set(before.sessions.all.map(\.id)).union(after.sessions.all.map(\.id))
        for id in ids.sorted() {
            let old = before.sessions.timeout(of: id)
            let new = after.sessions.timeout(of: id)
            guard old != new else { continue }
            let field = Field(
                name: "timeoutMs", before: old.map { .integer($0) } ?? .null,
                after: new.map { .integer($0) } ?? .null)
            sessions.append(
                Entry(
                    path: "\(id)", change: old == nil ? .created : new == nil ? .deleted : .changed,
                    fields: [field]))
        }
    }
}
