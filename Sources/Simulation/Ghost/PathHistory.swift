// For each path what it was when, and what changed in which order: what reads and watches are held
// against.

import DataTree
import ZKWire

package final class PathHistory {
    /// What a znode was from a transaction on.
    struct Version {
        let zxid: Zxid
        /// nil: there was none.
        let stat: Stat?
        let data: UInt64
        let children: UInt64
        /// Not everybody may read it.
        let isSecret: Bool
    }

    /// One change that watches hear of.
    struct Change {
        enum Kind { case created, deleted, dataChanged }
        let zxid: Zxid
        let kind: Kind
        let path: String
        /// Not everybody may read the znode, or its parent.
        let isSecret: Bool
        let isParentSecret: Bool
    }

    private var versions: [String: [Version]] = [:]
    /// In the order in which they happened.
    private(set) var changes: [Change] = []
    private var current = Zxid.zero
    /// Hears what the transaction does that is being applied.
    var observer = ChangeObserver()

    /// What is there before the first transaction.
    func begin(_ tree: DataTree, at zxid: Zxid) {
        observer.tree = tree
        rememberAll("/", zxid, tree)
    }

    private func rememberAll(_ path: String, _ zxid: Zxid, _ tree: DataTree) {
        remember(path, zxid, tree)
        var names: [String] = []
        path.withByteView { view in
            guard let ref = tree.find(view) else { return }
            tree.forEachChild(of: ref) { names.append($0.text) }
        }
        for name in names { rememberAll(path == "/" ? "/" + name : path + "/" + name, zxid, tree) }
    }

    func begin(_ zxid: Zxid) {
        current = zxid
        observer.zxid = zxid
        observer.paths.removeAll(keepingCapacity: true)
    }

    func end(_ tree: DataTree) {
        changes += observer.changes
        observer.changes.removeAll(keepingCapacity: true)
        for path in observer.paths { remember(path, current, tree) }
    }

    private func remember(_ path: String, _ zxid: Zxid, _ tree: DataTree) {
        let version = path.withByteView { view -> Version in
            guard let ref = tree.find(view) else {
                return Version(zxid: zxid, stat: nil, data: 0, children: 0, isSecret: false)
            }
            var children: UInt64 = 0
            tree.forEachChild(of: ref) { children &+= GhostModel.hash($0) }
            return Version(
                zxid: zxid, stat: tree.stat(of: ref),
                data: tree.data(of: ref).map { GhostModel.hash($0) } ?? PathHistory.emptyHash,
                children: children, isSecret: !tree.isOpen(tree.acl(of: ref), .read))
        }
        versions[path, default: []].append(version)
    }

    static let emptyHash = GhostModel.hash(ByteView(start: nil, count: 0))

    /// Of names in whatever order.
    static func hash(_ names: [String]) -> UInt64 {
        names.reduce(0) { sum, name in sum &+ name.withByteView { GhostModel.hash($0) } }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex
        else { return "/" }
        return String(path[..<slash])
    }

    // MARK: Asking

    /// What a path was when everything up to `zxid` had happened.
    func version(of path: String, at zxid: Zxid) -> Version? {
        guard let all = versions[path] else { return nil }
        let index = PathHistory.count(in: all, upTo: zxid, \.zxid)
        return index > 0 ? all[index - 1] : nil
    }

    /// What changed after `start`, up to `end`, in order.
    func changes(after start: Zxid, upTo end: Zxid) -> ArraySlice<Change> {
        guard start < end, let last = changes.last, last.zxid > start else { return [] }
        let first = PathHistory.count(in: changes, upTo: start, \.zxid)
        return changes[first..<max(first, PathHistory.count(in: changes, upTo: end, \.zxid))]
    }

    func changes(of zxid: Zxid) -> ArraySlice<Change> {
        changes[(changes.lastIndex { $0.zxid < zxid }.map { $0 + 1 } ?? 0)...]
    }

    /// How many of what is in order are at or before `zxid`.
    private static func count<T>(in all: [T], upTo zxid: Zxid, _ of: (T) -> Zxid) -> Int {
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if of(all[middle]) <= zxid { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Gathers what a transaction changes, and every path whose state it may have changed.
struct ChangeObserver: TreeObserver {
    var tree: DataTree?
    var zxid = Zxid.zero
    var changes: [PathHistory.Change] = []
    var paths: Set<String> = []

    private mutating func touch(_ path: String) {
        guard !path.isEmpty else { return }
        paths.insert(path)
        paths.insert(PathHistory.parent(of: path))
    }

    private mutating func note(
        _ kind: PathHistory.Change.Kind, _ path: ByteView, _ acl: ACLID, _ parentACL: ACLID?
    ) {
        let text = path.text
        touch(text)
        changes.append(
            PathHistory.Change(
                zxid: zxid, kind: kind, path: text, isSecret: isSecret(acl),
                isParentSecret: parentACL.map { isSecret($0) } ?? false))
    }

    private func isSecret(_ acl: ACLID) -> Bool { tree.map { !$0.isOpen(acl, .read) } ?? false }

    mutating func nodeCreated(path: ByteView, acl: ACLID, parentACL: ACLID) {
        note(.created, path, acl, parentACL)
    }

    mutating func nodeDeleted(path: ByteView, acl: ACLID, parentACL: ACLID) {
        note(.deleted, path, acl, parentACL)
    }

    mutating func nodeDataChanged(path: ByteView, acl: ACLID) { note(.dataChanged, path, acl, nil) }

    mutating func applied(type: Int32, path: ByteView, stat: Stat?, error: Int32) {
        if stat != nil { touch(path.text) }
    }
}
