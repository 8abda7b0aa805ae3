import ZKWire

/// A walk over all znodes that encodes them as Apache's snapshots have them, in slices, while
/// transactions go on changing the tree. A paused walk holds nothing and costs nothing.
///
/// Every path is visited at most once, parents first: children are added in front of their
/// siblings, hence behind the cursor of any walk that is among them, and a znode that is deleted
/// under a cursor first moves it to the next in pre-order. What the walk missed or saw early is put
/// right by the log from `startZxid` on.
///
/// The stream (Apache `FileSnap`, `SerializeUtils.serializeSnapshot`), without the checksums
/// between its sections, which are the snapshot file's:
///
///     int magic "ZKSN", int version 2, long dbid -1
///     int count, { long session, int timeout }
///     int count, { long id, vector<ACL> }
///     { ustring path ("" for the root), buffer data, long acl, StatPersisted }
///     ustring "/"
package final class SnapshotWalk {
    /// "ZKSN".
    package static let magic: Int32 = 0x5A4B_534E
    package static let version: Int32 = 2
    package static let databaseID: Int64 = -1

    /// The tree's last transaction when the walk began: all up to it are in the snapshot whole.
    package let startZxid: Zxid
    /// Znodes encoded so far.
    package private(set) var visitedCount = 0

    /// The next znode to visit; none at the end.
    var cursor = NodeRef.root
    private let tree: DataTree
    private var isOver = false

    fileprivate init(_ tree: DataTree) {
        self.tree = tree
        startZxid = tree.lastProcessedZxid
    }

    /// Encodes znodes until there are none left, `maximumNodes` are done, or the slice has
    /// `maximumBytes` or more. A slice has at least one znode, however large.
    /// - Returns: whether there is more to come; false once the stream's end was written.
    package func next(
        maximumBytes: Int, maximumNodes: Int = .max, into writer: ByteWriter
    ) -> Bool {
        guard !isOver else { return false }
        let limit = writer.count + maximumBytes
        var nodes = 0
        while !cursor.isNone {
            if nodes > 0, nodes >= maximumNodes || writer.count >= limit { return true }
            encode(cursor, into: writer)
            nodes += 1
            let child = tree.store.block(cursor).firstChild
            cursor = child.isNone ? tree.successorPastChildren(of: cursor) : child
        }
        writer.writeString("/")
        end()
        return false
    }

    /// Gives the walk up, or marks its end.
    package func end() {
        isOver = true
        cursor = .none
        tree.walks.removeAll { $0 === self }
    }

    private func encode(_ ref: NodeRef, into writer: ByteWriter) {
        let block = tree.store.block(ref)
        let pathLength = tree.pathLength(of: ref)
        writer.writeInt32(Int32(truncatingIfNeeded: pathLength))
        tree.appendPath(of: ref, length: pathLength, into: writer)
        writer.writeNullableBuffer(block.data)
        writer.writeInt64(tree.acls[block.header.pointee.acl].streamID)
        writer.writeStatPersisted(tree.persistedStat(of: ref))
        visitedCount += 1
    }
}

extension DataTree {
    /// Begins a walk and writes what comes before the znodes: the header, the sessions and the
    /// access control lists of this moment.
    package func beginWalk(into writer: ByteWriter) -> SnapshotWalk {
        let walk = SnapshotWalk(self)
        walks.append(walk)
        writer.writeInt32(SnapshotWalk.magic)
        writer.writeInt32(SnapshotWalk.version)
        writer.writeInt64(SnapshotWalk.databaseID)
        writer.writeInt32(Int32(sessions.count))
        for session in sessions.all {
            writer.writeInt64(session.id.rawValue)
            writer.writeInt32(session.timeoutMilliseconds)
        }
        acls.encode(into: writer)
        return walk
    }
}

extension ACLTable {
    /// The lists in use, with the ids that the znodes' records refer to.
    func encode(into writer: ByteWriter) {
        let countOffset = writer.count
        var count: Int32 = 0
        writer.writeInt32(0)
        for slot in 2..<slotCount {
            guard let encoded = self[ACLID(rawValue: UInt32(slot))].encodedInUse else { continue }
            writer.writeInt64(self[ACLID(rawValue: UInt32(slot))].streamID)
            writer.writeRaw(encoded)
            count += 1
        }
        writer.setInt32(count, at: countOffset)
    }
}
