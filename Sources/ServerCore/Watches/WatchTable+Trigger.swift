import ZKWire

// What changes of the tree set off. `body` gets each connection to tell, the event and its path,
// valid during the call; it must not change the table.
//
// A connection gets one event of a kind for a change, however many of its watches it set off. One
// that goes away while its events are on their way is the caller's to leave out, as is one that may
// not read the znode.
extension WatchTable {
    package typealias Body = (ConnectionID, EventType, ByteView) -> Void

    /// Tells those who watch for the znode, and its parent's children.
    @inline(__always)
    package func nodeCreated(_ path: ByteView, _ body: Body) {
        guard watchCount > 0 else { return }
        fire(.nodeCreated, .data, at: path, body)
        fireChildren(at: WatchTable.parent(of: path), body)
    }

    /// Tells those who watch the znode or its children that it is gone, and its parent's children.
    @inline(__always)
    package func nodeDeleted(_ path: ByteView, _ body: Body) {
        guard watchCount > 0 else { return }
        fire(.nodeDeleted, [.data, .child], at: path, body)
        fireChildren(at: WatchTable.parent(of: path), body)
    }

    @inline(__always)
    package func nodeDataChanged(_ path: ByteView, _ body: Body) {
        guard watchCount > 0 else { return }
        fire(.nodeDataChanged, .data, at: path, body)
    }

    /// Sets off the watches of `modes` on the path, and the recursive ones on the paths above.
    private func fire(_ event: EventType, _ modes: WatchModes, at path: ByteView, _ body: Body) {
        eventNumber += 1
        if let slot = findPath(path) { fire(event, modes, of: slot, path, body) }
        guard recursiveCount > 0, path.count > 1 else { return }
        var above = path
        repeat {
            above = WatchTable.parent(of: above)
            if let slot = findPath(above) { fire(event, .recursive, of: slot, path, body) }
        } while above.count > 1
    }

    private func fireChildren(at path: ByteView, _ body: Body) {
        guard let slot = findPath(path) else { return }
        eventNumber += 1
        fire(.nodeChildrenChanged, .child, of: slot, path, body)
    }

    private func fire(
        _ event: EventType, _ modes: WatchModes, of slot: UInt32, _ path: ByteView, _ body: Body
    ) {
        var watch = paths[Int(slot)].watches.first
        while watch != WatchTable.none {
            let record = watches[Int(watch)]
            if !record.modes.isDisjoint(with: modes) {
                let connection = Int(record.connection)
                if connections[connection].lastEvent != eventNumber {
                    connections[connection].lastEvent = eventNumber
                    body(connections[connection].id, event, path)
                }
                let spent = modes.intersection(.once)
                if !record.modes.isDisjoint(with: spent) {
                    setModes(watch, record.modes.subtracting(spent))
                }
            }
            watch = record.nextOfPath
        }
    }

    /// "/" for a path of one name.
    @inline(__always)
    static func parent(of path: ByteView) -> ByteView {
        var end = path.count - 1
        while end > 0, path[end] != UInt8(ascii: "/") { end -= 1 }
        return path[view: 0..<max(end, 1)]
    }
}
