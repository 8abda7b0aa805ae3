import Snapshot
import ZKWire

/// Which znodes of a tree are wanted. All that is set has to hold.
package struct NodeFilter: Sendable {
    /// Of the znode's last change (`mzxid`).
    package var from: Zxid?
    package var to: Zxid?
    /// A znode: it, and all below it.
    package var pathPrefix: String?
    /// Whose ephemerals.
    package var session: SessionID?

    package init(pathPrefix: String? = nil) { self.pathPrefix = pathPrefix }

    func admits(path: ByteView, stat: borrowing StatPersisted) -> Bool {
        if let from, stat.mzxid < from { return false }
        if let to, stat.mzxid > to { return false }
        if let session, NodeKind(ephemeralOwner: stat.ephemeralOwner) != .ephemeral(session) {
            return false
        }
        guard let pathPrefix, pathPrefix != "/" else { return true }
        return pathPrefix.withByteView { isWithin(path, $0) }
    }
}

/// Passes on the znodes that a filter admits, and everything else.
struct FilteredSink<Base: SnapshotSink>: SnapshotSink {
    private(set) var base: Base
    private let filter: NodeFilter

    init(_ base: Base, _ filter: NodeFilter) {
        self.base = base
        self.filter = filter
    }

    mutating func addSession(
        _ session: SessionID, timeoutMilliseconds: Int32
    ) throws(DecodeError) {
        try base.addSession(session, timeoutMilliseconds: timeoutMilliseconds)
    }

    mutating func addACL(id: Int64, acl: ByteView) throws(DecodeError) {
        try base.addACL(id: id, acl: acl)
    }

    mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) throws(DecodeError) {
        guard filter.admits(path: path, stat: stat) else { return }
        try base.addNode(path: path, data: data, acl: acl, stat: stat)
    }

    /// What has been gathered, to be asked for more.
    consuming func finish() -> Base { base }
}
