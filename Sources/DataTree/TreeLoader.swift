import ZKWire

/// Builds a tree from the records of a snapshot, Apache's or ours, in the stream's order: sessions,
/// access control lists, znodes (parents before their children).
package struct TreeLoader {
    private let tree: DataTree
    /// The stream's ids and what they became.
    private var aclIDs: [Int64: ACLID] = [ACLTable.openStreamID: .open]
    private var lastACL = (stream: ACLTable.openStreamID, id: ACLID.open)
    private var hasRoot = false

    // In pre-order the next znode's parent is the last znode or above it, so that no parent has to
    // be looked up.
    private var last = NodeRef.root
    private let lastPath = ByteWriter(capacity: 256)

    /// - Parameters:
    ///   - seed: of the path hash.
    ///   - keepsDigest: the tree is to have its digest, which costs least while the znodes come.
    package init(seed: UInt64 = 0, keepsDigest: Bool = false) {
        tree = DataTree(rootOnly: seed)
        if keepsDigest { tree.keepDigest() }
    }

    package mutating func addSession(_ id: SessionID, timeoutMilliseconds: Int32) {
        tree.sessions.set(id, timeoutMilliseconds: timeoutMilliseconds)
    }

    /// - Parameter acl: an encoded `vector<ACL>`.
    package mutating func addACL(id: Int64, acl: ByteView) throws(TreeLoadError) {
        var reader = JuteReader(acl)
        guard (try? reader.readACL()) != nil, reader.remaining == 0 else { throw .badACL(id: id) }
        aclIDs[id] = tree.acls.intern(acl)
    }

    /// A znode that came before is replaced.
    package mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: StatPersisted
    ) throws(TreeLoadError) {
        let aclID = aclID(of: acl)
        if path.isEmpty {
            hasRoot = true
            replace(.root, path, data: data, acl: aclID, stat: stat)
            return
        }
        guard let place = DataTree.place(of: path) else { throw .badPath(path.text) }
        guard let parent = parent(at: place.parent) else {
            throw .parentMissing(path: path.text)
        }
        let hash = UInt32(truncatingIfNeeded: tree.hasher.hash(path))
        let existing = tree.find(path, hash: hash)
        if existing.isNone {
            last = tree.insert(
                path: path, hash: hash, name: place.name, below: parent, data: data, acl: aclID,
                stat: stat)
        } else {
            replace(existing, path, data: data, acl: aclID, stat: stat)
            last = existing
        }
        lastPath.removeAll()
        lastPath.writeRaw(path)
    }

    /// The tree, whose last transaction is `lastProcessedZxid`: the zxid in the snapshot's name,
    /// from which on the log is to be replayed.
    package consuming func finish(lastProcessedZxid: Zxid) throws(TreeLoadError) -> DataTree {
        guard hasRoot else { throw .rootMissing }
        tree.lastProcessedZxid = lastProcessedZxid
        tree.recomputeQuotas()
        return tree
    }

    @inline(__always)
    private mutating func aclID(of stream: Int64) -> ACLID {
        if stream == lastACL.stream { return lastACL.id }
        lastACL = (stream, aclIDs[stream] ?? .unresolved)
        return lastACL.id
    }

    @inline(__always)
    private func parent(at path: ByteView) -> NodeRef? {
        if path.isEmpty { return hasRoot ? .root : nil }
        var ref = last
        var length = lastPath.count
        while length > path.count {
            let block = tree.store.block(ref)
            length &-= block.nameLength &+ 1
            ref = block.header.pointee.parent
        }
        if length == path.count, lastPath.view[view: 0..<length].isEqual(to: path) { return ref }
        return tree.find(path)
    }

    private func replace(
        _ ref: NodeRef, _ path: ByteView, data: ByteView?, acl: ACLID, stat: StatPersisted
    ) {
        tree.digestWillChange(ref, path)
        if tree.store.block(ref).ephemeralOwner != 0 { tree.leaveOwnerList(ref) }
        if stat.needsExtension { _ = tree.store.extendedBlock(ref) }
        tree.setData(ref, data)
        tree.assign(acl, to: ref)
        tree.store.block(ref).setFields(stat)
        if stat.ephemeralOwner != 0 { tree.enterOwnerList(ref) }
        tree.digestDidChange(ref, path, hasNewData: true)
    }
}
