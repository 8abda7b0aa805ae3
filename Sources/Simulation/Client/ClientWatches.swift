// C-11, C-12, C-13: the events that a client has to hear, computed from the ghost's history and the
// watches that it has: each in its order, before anything that shows what it tells of, none else.

import ServerCore
import ZKWire

package struct ClientWatches {
    package struct Event: Equatable, CustomStringConvertible {
        let type: Int32
        let path: String
        let zxid: Zxid

        package init(type: Int32, path: String, zxid: Zxid) {
            self.type = type
            self.path = path
            self.zxid = zxid
        }

        package var description: String { "event \(type) of \(path) at \(zxid)" }
    }

    package struct Modes: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        /// Of a znode that was there.
        package static let data = Modes(rawValue: 1)
        /// Of one that was not.
        package static let exists = Modes(rawValue: 2)
        package static let child = Modes(rawValue: 4)
        package static let persistent = Modes(rawValue: 8)
        package static let recursive = Modes(rawValue: 16)

        package static let once: Modes = [.data, .exists, .child]
    }

    private(set) var modes: [String: Modes] = [:]
    /// What is to come before anything that is later than `position`.
    private var due: [Event] = []
    /// The changes up to here have been gone through.
    private var position = Zxid.zero
    /// The watches are being set again on a new connection.
    private(set) var isRearming = false
    private var rearmed: [Event] = []
    /// May read what not everybody may.
    var isPrivileged = false

    var isEmpty: Bool { modes.isEmpty }
    var paths: [String] { modes.keys.sorted() }

    func has(_ mode: Modes, _ path: String) -> Bool {
        modes[path].map { !$0.isDisjoint(with: mode) } ?? false
    }

    /// A read or addWatch was answered when this was the last change.
    package mutating func add(_ mode: Modes, _ path: String) {
        var own = modes[path] ?? []
        if mode == .data { own.remove(.exists) }
        if mode == .exists { own.remove(.data) }
        modes[path] = own.union(mode)
    }

    mutating func remove(_ path: String) { modes[path] = nil }

    mutating func removeAll() { self = ClientWatches(isPrivileged: isPrivileged) }

    package init(isPrivileged: Bool) { self.isPrivileged = isPrivileged }

    // MARK: What is told

    /// - Returns: what is wrong with it.
    package mutating func hear(_ event: Event, _ history: PathHistory) -> Failure? {
        if isRearming {
            rearmed.append(event)
            return nil
        }
        advance(to: event.zxid, history)
        guard let expected = due.first else {
            return Failure(property: "C-12", text: "\(event), of which nothing is to be told")
        }
        guard expected == event else {
            return Failure(property: "C-12", text: "\(event), where \(expected) is next")
        }
        due.removeFirst()
        return nil
    }

    /// Something shows what was there at `zxid`: everything before it has been told.
    package mutating func reach(_ zxid: Zxid, _ history: PathHistory) -> Failure? {
        guard !isRearming else { return nil }
        advance(to: zxid, history)
        guard let missed = due.first else { return nil }
        return Failure(property: "C-11", text: "\(zxid) is seen without \(missed)")
    }

    private mutating func advance(to zxid: Zxid, _ history: PathHistory) {
        guard zxid > position else { return }
        if !modes.isEmpty {
            for change in history.changes(after: position, upTo: zxid) { fire(change) }
        }
        position = zxid
    }

    // MARK: Changes

    private mutating func fire(_ change: PathHistory.Change) {
        switch change.kind {
        case .created: fire(.nodeCreated, change, [.data, .exists])
        case .deleted: fire(.nodeDeleted, change, [.data, .exists, .child])
        case .dataChanged: return fire(.nodeDataChanged, change, [.data, .exists])
        }
        fireChildren(change)
    }

    private mutating func fire(_ type: EventType, _ change: PathHistory.Change, _ once: Modes) {
        let own = modes[change.path] ?? []
        var isHeard = !own.isDisjoint(with: once.union([.persistent, .recursive]))
        var above = change.path
        while !isHeard, above != "/" {
            above = PathHistory.parent(of: above)
            isHeard = modes[above]?.contains(.recursive) == true
        }
        spend(once, change.path)
        guard isHeard, isPrivileged || !change.isSecret else { return }
        due.append(Event(type: type.rawValue, path: change.path, zxid: change.zxid))
    }

    private mutating func fireChildren(_ change: PathHistory.Change) {
        let parent = PathHistory.parent(of: change.path)
        let isHeard = has([.child, .persistent], parent)
        spend(.child, parent)
        guard isHeard, isPrivileged || !change.isParentSecret else { return }
        due.append(
            Event(type: EventType.nodeChildrenChanged.rawValue, path: parent, zxid: change.zxid))
    }

    private mutating func spend(_ once: Modes, _ path: String) {
        guard let own = modes[path] else { return }
        let left = own.subtracting(once)
        modes[path] = left.isEmpty ? nil : left
    }

    // MARK: A new connection

    /// The lists of setWatches2, in its order.
    var lists: [(mode: Modes, paths: [String])] {
        [Modes.data, .exists, .child, .persistent, .recursive].map { mode in
            (mode, paths.filter { has(mode, $0) })
        }
    }

    /// The connection is a new one: no event of the one before comes any more.
    package mutating func reconnected() {
        due = []
        rearmed = []
        isRearming = !modes.isEmpty
    }

    /// setWatches2 is answered: what was missed since `since` has been told, once, and nothing else.
    package mutating func restored(at zxid: Zxid, since: Zxid, _ history: PathHistory) -> Failure? {
        var expected: [Event] = []
        for (mode, paths) in lists {
            for path in paths {
                guard let type = missed(mode, path, since, history.version(of: path, at: zxid)?.stat)
                else { continue }
                expected.append(Event(type: type.rawValue, path: path, zxid: zxid))
                spend(mode, path)
            }
        }
        isRearming = false
        position = max(position, zxid)
        guard rearmed != expected else { return nil }
        return Failure(
            property: "C-12", text: "watches as of \(since) are told \(rearmed), missed \(expected)")
    }

    private func missed(_ mode: Modes, _ path: String, _ since: Zxid, _ stat: Stat?) -> EventType? {
        switch mode {
        case .data:
            guard let stat else { return .nodeDeleted }
            return stat.mzxid > since ? .nodeDataChanged : nil
        case .exists: return stat != nil ? .nodeCreated : nil
        case .child:
            guard let stat else { return .nodeDeleted }
            return stat.pzxid > since ? .nodeChildrenChanged : nil
        default: return nil
        }
    }
}
