import ServerCore
import ZKWire

/// The watches of one connection, and what it must hear of a change.
struct ModelWatches {
    struct Event: Equatable {
        var type: EventType
        var path: String
        var zxid: Zxid
    }

    private struct Modes: OptionSet {
        let rawValue: Int
        static let data = Modes(rawValue: 1)
        static let child = Modes(rawValue: 2)
        static let persistent = Modes(rawValue: 4)
        static let recursive = Modes(rawValue: 8)
    }

    private var modes: [String: Modes] = [:]

    /// A read or addWatch was answered in this state.
    mutating func note(_ operation: RandomOperation, in tree: ModelTree) {
        switch operation {
        case .getData(let path, watch: true) where tree.nodes[path] != nil: add(.data, path)
        case .exists(let path, watch: true): add(.data, path)
        case .getChildren(let path, watch: true) where tree.nodes[path] != nil: add(.child, path)
        case .addWatch(let path, let recursive): add(recursive ? .recursive : .persistent, path)
        default: break
        }
    }

    /// setWatches was answered in this state.
    /// - Returns: what the client hears at once.
    mutating func restore(
        _ kind: WatchKind, _ path: String, since: Zxid, in tree: ModelTree
    ) -> EventType? {
        let node = tree.nodes[path]
        switch kind {
        case .data:
            guard let node else { return .nodeDeleted }
            if node.mzxid > since { return .nodeDataChanged }
            add(.data, path)
        case .exist:
            if node != nil { return .nodeCreated }
            add(.data, path)
        case .child:
            guard let node else { return .nodeDeleted }
            if node.pzxid > since { return .nodeChildrenChanged }
            add(.child, path)
        case .persistent: add(.persistent, path)
        case .persistentRecursive: add(.recursive, path)
        }
        return nil
    }

    mutating func events(of change: ModelTree.Change, _ zxid: Zxid) -> [Event] {
        switch change {
        case .created(let path):
            fire(.nodeCreated, path, [.data], zxid) + fireChildren(of: path, zxid)
        case .deleted(let path):
            fire(.nodeDeleted, path, [.data, .child], zxid) + fireChildren(of: path, zxid)
        case .dataChanged(let path): fire(.nodeDataChanged, path, [.data], zxid)
        }
    }

    private mutating func fire(
        _ type: EventType, _ path: String, _ once: Modes, _ zxid: Zxid
    ) -> [Event] {
        let own = modes[path] ?? []
        let isHeard =
            !own.isDisjoint(with: once.union([.persistent, .recursive]))
            || ancestors(of: path).contains { modes[$0]?.contains(.recursive) == true }
        modes[path] = own.subtracting(once)
        return isHeard ? [Event(type: type, path: path, zxid: zxid)] : []
    }

    private mutating func fireChildren(of path: String, _ zxid: Zxid) -> [Event] {
        let parent = ModelTree.parent(path)
        let own = modes[parent] ?? []
        modes[parent] = own.subtracting(.child)
        guard !own.isDisjoint(with: [.child, .persistent]) else { return [] }
        return [Event(type: .nodeChildrenChanged, path: parent, zxid: zxid)]
    }

    private func ancestors(of path: String) -> [String] {
        var above: [String] = []
        var path = path
        while path != "/" {
            path = ModelTree.parent(path)
            above.append(path)
        }
        return above
    }

    private mutating func add(_ mode: Modes, _ path: String) {
        modes[path, default: []].insert(mode)
    }
}
