import DataTree
import Snapshot
import ZKWire

/// Hands a snapshot's content to a tree loader and puts the loader's objections in the reader's
/// words.
package struct TreeSink: SnapshotSink {
    private var loader: TreeLoader

    package init(seed: UInt64) { loader = TreeLoader(seed: seed) }

    package mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) {
        loader.addSession(session, timeoutMilliseconds: timeoutMilliseconds)
    }

    package mutating func addACL(id: Int64, acl: ByteView) throws(DecodeError) {
        do throws(TreeLoadError) {
            try loader.addACL(id: id, acl: acl)
        } catch {
            throw DecodeError(.badValue("\(error)"), offset: 0)
        }
    }

    @inline(__always)
    package mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) throws(DecodeError) {
        do throws(TreeLoadError) {
            try loader.addNode(path: path, data: data, acl: acl, stat: copy stat)
        } catch {
            throw DecodeError(.badValue("\(error)"), offset: 0)
        }
    }

    /// The tree, after the reader has found every checksum right.
    package consuming func finish(lastProcessedZxid: Zxid) throws(TreeLoadError) -> DataTree {
        try loader.finish(lastProcessedZxid: lastProcessedZxid)
    }
}
