import DataTree
import ZKWire

/// Who watches what: one record for each path and connection that have to do with one another, in
/// the list of the path and in that of the connection (Apache `WatchManager`, two of which are one
/// table here).
///
/// Invariants:
/// 1. There is at most one record for a path and a connection, and it has at least one mode.
/// 2. Every path here has a record. A connection stays, once it had one, until `removeAll`: most
///    set their watches again as they fire.
/// 3. `recursiveCount` is the number of records with a recursive watch.
///
/// Lists are in the order in which the watches were set, and nothing here iterates over a
/// dictionary, so that events come in an order that repeats.
///
/// A class for the identity of its memory; it belongs to one thread at a time.
// SAFETY: the bytes of a path are freed when its last record goes, or in `deinit`.
package final class WatchTable {
    /// 28 bytes; numbers are indices, `none` is the end of a list.
    struct Watch {
        var path: UInt32
        var connection: UInt32
        var nextOfPath: UInt32
        var previousOfPath: UInt32
        var nextOfConnection: UInt32
        var previousOfConnection: UInt32
        var modes: WatchModes
    }

    struct Path {
        /// nil in a free slot.
        var bytes: UnsafeMutableRawBufferPointer?
        var hash: UInt64
        /// The next path with the same hash; in a free slot, the next free one.
        var next: UInt32
        var watches = WatchList()
    }

    struct Connection {
        var id: ConnectionID
        /// In a free slot, the next free one.
        var next: UInt32
        var watches = WatchList()
        /// The last event that it got, so that it gets none twice.
        var lastEvent: UInt64 = 0
        var isLive = true
    }

    static let none = UInt32.max

    var watches: [Watch] = []
    var paths: [Path] = []
    var connections: [Connection] = []
    var freeWatch = none
    var freePath = none
    var freeConnection = none
    var pathsByHash: [UInt64: UInt32] = [:]
    var connectionsByID: [ConnectionID: UInt32] = [:]
    /// The record of a path and a connection, by both their numbers.
    var pairs: [UInt64: UInt32] = [:]
    let hasher: PathHasher

    var watchCount = 0
    var recursiveCount = 0
    /// Events so far; the number of the present one.
    var eventNumber: UInt64 = 0
    package internal(set) var counts = WatchCounts()

    /// - Parameter seed: of the path hash.
    package init(seed: UInt64 = 0) { hasher = PathHasher(seed: seed) }

    deinit {
        for path in paths { path.bytes?.deallocate() }
    }

    package var isEmpty: Bool { watchCount == 0 }
}

/// A doubly linked list of watches, oldest first.
struct WatchList {
    var first = WatchTable.none
    var last = WatchTable.none
    var count = 0
    /// Those of them that have a data mode.
    var dataCount = 0
}

/// What the four-letter words tell. `wchs` and its like look at the data watches only.
package struct WatchCounts: Equatable, Sendable {
    /// Pairs of path and connection with a data watch of any mode.
    package var dataWatches = 0
    package var childWatches = 0
    package var dataPaths = 0
    /// Differs from ZooKeeper: a connection whose watches all fired is not counted any more.
    package var dataConnections = 0

    package init() {}

    /// `zk_watch_count`.
    package var total: Int { dataWatches + childWatches }
}

extension WatchTable {
    /// Set by getData and by exists, the latter whether the znode is there or not.
    package func addData(_ path: ByteView, _ connection: ConnectionID) {
        add(.dataOnce, path, connection)
    }

    package func addChild(_ path: ByteView, _ connection: ConnectionID) {
        add(.childOnce, path, connection)
    }

    package func addPersistent(_ path: ByteView, recursive: Bool, _ connection: ConnectionID) {
        add(recursive ? .recursive : [.dataPersistent, .childPersistent], path, connection)
    }

    package func contains(
        _ path: ByteView, _ type: WatcherType, _ connection: ConnectionID
    ) -> Bool {
        guard let watch = find(path, connection) else { return false }
        // Apache looks for a persistent watch among the data watches, where both of its are set.
        return !watches[Int(watch)].modes.isDisjoint(with: .of(type))
    }

    /// Returns whether there was such a watch.
    package func remove(
        _ path: ByteView, _ type: WatcherType, _ connection: ConnectionID
    ) -> Bool {
        guard let watch = find(path, connection) else { return false }
        let old = watches[Int(watch)].modes
        let new = old.subtracting(.of(type))
        guard new != old else { return false }
        setModes(watch, new)
        return true
    }

    /// Forgets a connection that is gone.
    package func removeAll(_ connection: ConnectionID) {
        guard let slot = connectionsByID[connection] else { return }
        var watch = connections[Int(slot)].watches.first
        while watch != WatchTable.none {
            let next = watches[Int(watch)].nextOfConnection
            setModes(watch, [])
            watch = next
        }
        dropConnection(slot)
    }

    /// Calls `body` with each data watch, those of one connection after another.
    package func forEachDataWatchByConnection(_ body: (ConnectionID, ByteView) -> Void) {
        for connection in connections where connection.isLive {
            var watch = connection.watches.first
            while watch != WatchTable.none {
                let record = watches[Int(watch)]
                if !record.modes.isDisjoint(with: .data) { body(connection.id, bytes(record.path)) }
                watch = record.nextOfConnection
            }
        }
    }

    /// Calls `body` with each data watch, those of one path after another.
    package func forEachDataWatchByPath(_ body: (ByteView, ConnectionID) -> Void) {
        for path in paths where path.bytes != nil {
            var watch = path.watches.first
            while watch != WatchTable.none {
                let record = watches[Int(watch)]
                if !record.modes.isDisjoint(with: .data) {
                    body(bytes(record.path), connections[Int(record.connection)].id)
                }
                watch = record.nextOfPath
            }
        }
    }

    @inline(__always)
    func bytes(_ path: UInt32) -> ByteView {
        paths[Int(path)].bytes.map { ByteView($0) } ?? ByteView(start: nil, count: 0)
    }
}
