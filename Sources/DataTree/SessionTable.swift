import ZKWire

/// The sessions that transactions created and none closed yet, with their timeouts. Iteration is in
/// an order that depends on the transactions alone, since it shows in snapshots.
package struct SessionTable: Sendable {
    package struct Session: Equatable, Sendable {
        package let id: SessionID
        package var timeoutMilliseconds: Int32
    }

    package private(set) var all: [Session] = []
    private var positions: [SessionID: Int] = [:]

    package init() {}

    package var count: Int { all.count }

    package func timeout(of id: SessionID) -> Int32? {
        positions[id].map { all[$0].timeoutMilliseconds }
    }

    package mutating func set(_ id: SessionID, timeoutMilliseconds: Int32) {
        if let position = positions[id] {
            all[position].timeoutMilliseconds = timeoutMilliseconds
        } else {
            positions[id] = all.count
            all.append(Session(id: id, timeoutMilliseconds: timeoutMilliseconds))
        }
    }

    package mutating func remove(_ id: SessionID) {
        guard let position = positions.removeValue(forKey: id) else { return }
        let last = all.removeLast()
        guard last.id != id else { return }
        all[position] = last
        positions[last.id] = position
    }
}
