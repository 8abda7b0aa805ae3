import DataTree
import ZKWire

/// The lists of a setWatches or setWatches2 request.
package enum WatchKind: Sendable {
    case data, exist, child, persistent, persistentRecursive
}

extension WatchTable {
    /// Sets again a watch that a client had at another server, as of the last zxid that it saw
    /// (Apache `DataTree.setWatches`).
    /// - Returns: the event that the client missed, which it gets at once; the watch is then not
    ///   set.
    package func restore(
        _ kind: WatchKind, _ path: ByteView, since relativeZxid: Zxid, in tree: DataTree,
        _ connection: ConnectionID
    ) -> EventType? {
        let ref = tree.find(path)
        switch kind {
        case .data:
            guard let ref else { return .nodeDeleted }
            if tree.stat(of: ref).mzxid > relativeZxid { return .nodeDataChanged }
            addData(path, connection)
        case .exist:
            guard ref == nil else { return .nodeCreated }
            addData(path, connection)
        case .child:
            guard let ref else { return .nodeDeleted }
            if tree.stat(of: ref).pzxid > relativeZxid { return .nodeChildrenChanged }
            addChild(path, connection)
        case .persistent: addPersistent(path, recursive: false, connection)
        case .persistentRecursive: addPersistent(path, recursive: true, connection)
        }
        return nil
    }
}
