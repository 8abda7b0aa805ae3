import DataTree
import Snapshot
import ZKWire

/// A sink that builds a tree, to be compared with another.
struct LoadingSink: SnapshotSink {
    private var loader = TreeLoader()

    mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) {
        loader.addSession(session, timeoutMilliseconds: timeoutMilliseconds)
    }

    mutating func addACL(id: Int64, acl: ByteView) throws(DecodeError) {
        try accepting { (loader) throws(TreeLoadError) in try loader.addACL(id: id, acl: acl) }
    }

    mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) throws(DecodeError) {
        let stat = copy stat
        try accepting { (loader) throws(TreeLoadError) in
            try loader.addNode(path: path, data: data, acl: acl, stat: stat)
        }
    }

    /// nil if there was no root.
    consuming func finish(_ zxid: Zxid) -> DataTree? {
        try? loader.finish(lastProcessedZxid: zxid)
    }

    @inline(__always)
    private mutating func accepting(
        _ body: (inout TreeLoader) throws(TreeLoadError) -> Void
    ) throws(DecodeError) {
        do throws(TreeLoadError) {
            try body(&loader)
        } catch {
            throw DecodeError(.badValue("\(error)"), offset: 0)
        }
    }
}
