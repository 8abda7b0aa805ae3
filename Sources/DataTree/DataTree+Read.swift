import ZKWire

// What reads need. Views are valid until the tree changes.
extension DataTree {
    @inline(__always)
    package func stat(of ref: NodeRef) -> Stat {
        let block = store.block(ref)
        let header = block.header.pointee
        var stat = Stat(
            czxid: header.czxid, mzxid: header.mzxid, ctime: header.ctime, mtime: header.mtime,
            version: header.version, cversion: 0, aversion: header.aversion, ephemeralOwner: 0,
            dataLength: max(header.dataLength, 0), numChildren: 0, pzxid: header.czxid)
        if block.isExtended {
            let extended = block.extended.pointee
            stat.numChildren = Int32(truncatingIfNeeded: extended.childCount)
            // Clients count deletions too: each child created and not there was deleted.
            stat.cversion = extended.cversion &* 2 &- stat.numChildren
            stat.pzxid = extended.pzxid
            if case .ephemeral(let session) = NodeKind(ephemeralOwner: extended.ephemeralOwner) {
                stat.ephemeralOwner = session.rawValue
            }
        }
        return stat
    }

    /// The stat as snapshots keep it: creations counted in `cversion`, and the owner of a container
    /// or TTL znode as it is.
    package func persistedStat(of ref: NodeRef) -> StatPersisted {
        let block = store.block(ref)
        let header = block.header.pointee
        return StatPersisted(
            czxid: header.czxid, mzxid: header.mzxid, ctime: header.ctime, mtime: header.mtime,
            version: header.version, cversion: block.cversion, aversion: header.aversion,
            ephemeralOwner: block.ephemeralOwner, pzxid: block.pzxid)
    }

    /// nil where the data is null rather than empty.
    @inline(__always)
    package func data(of ref: NodeRef) -> ByteView? { store.block(ref).data }

    @inline(__always)
    package func kind(of ref: NodeRef) -> NodeKind {
        NodeKind(ephemeralOwner: store.block(ref).ephemeralOwner)
    }

    @inline(__always)
    package func name(of ref: NodeRef) -> ByteView { store.block(ref).name }

    /// nil for the root.
    @inline(__always)
    package func parent(of ref: NodeRef) -> NodeRef? {
        ref == .root ? nil : store.block(ref).header.pointee.parent
    }

    @inline(__always)
    package func childCount(of ref: NodeRef) -> Int { store.block(ref).childCount }

    /// How many children were ever created below it: the number of the next sequential one.
    @inline(__always)
    package func creationCount(of ref: NodeRef) -> Int32 { store.block(ref).cversion }

    /// Calls `body` with each child's name, the newest child first.
    @inline(__always)
    package func forEachChild(of ref: NodeRef, _ body: (ByteView) -> Void) {
        var child = store.block(ref).firstChild
        while !child.isNone {
            let block = store.block(child)
            body(block.name)
            child = block.header.pointee.nextSibling
        }
    }

    /// Bytes of the names of all children.
    package func childNamesSize(of ref: NodeRef) -> Int {
        var size = 0
        forEachChild(of: ref) { size &+= $0.count }
        return size
    }

    /// The children's names as a jute `vector<ustring>`, in one pass over them.
    package func writeChildren(of ref: NodeRef, into writer: ByteWriter) {
        writer.writeInt32(Int32(truncatingIfNeeded: childCount(of: ref)))
        forEachChild(of: ref) { writer.writeBuffer($0) }
    }

    /// Znodes below `ref`, at any depth.
    package func descendantCount(of ref: NodeRef) -> Int {
        if ref == .root { return store.liveCount - 1 }
        var count = -1
        forEachInSubtree(of: ref) { _ in count += 1 }
        return count
    }

    /// Calls `body` with `ref` and everything below, parents first.
    func forEachInSubtree(of top: NodeRef, _ body: (NodeRef) -> Void) {
        var ref = top
        while true {
            body(ref)
            let child = store.block(ref).firstChild
            if !child.isNone {
                ref = child
                continue
            }
            while ref != top, store.block(ref).header.pointee.nextSibling.isNone {
                ref = store.block(ref).header.pointee.parent
            }
            if ref == top { return }
            ref = store.block(ref).header.pointee.nextSibling
        }
    }
}

// Access control.
extension DataTree {
    @inline(__always)
    package func acl(of ref: NodeRef) -> ACLID { store.block(ref).header.pointee.acl }

    @inline(__always)
    package func entries(of id: ACLID) -> [ACLEntry] { acls[id].entries }

    /// The list as a jute `vector<ACL>`.
    package func encodedACL(of id: ACLID) -> ByteView {
        acls[id].encoded.map { ByteView($0) } ?? ByteView(start: nil, count: 0)
    }

    /// Whether anybody may do one of `permissions`, which is how Apache takes more than one.
    @inline(__always)
    package func isOpen(_ id: ACLID, _ permissions: Permissions) -> Bool {
        !acls[id].openPermissions.isDisjoint(with: permissions)
    }
}

// Owners.
extension DataTree {
    /// Sessions that own at least one znode, in order.
    package var sessionsWithEphemerals: [SessionID] { ephemerals.keys.sorted() }

    package func ephemeralCount(of session: SessionID) -> Int { ephemerals[session]?.count ?? 0 }

    /// Calls `body` with the path of each znode of the session, the newest first. The view is valid
    /// during the call; the tree must not change meanwhile.
    package func forEachEphemeral(of session: SessionID, _ body: (ByteView) -> Void) {
        guard let list = ephemerals[session] else { return }
        let path = ByteWriter(capacity: 128)
        forEachOwned(list) { ref in
            path.removeAll()
            self.path(of: ref, into: path)
            body(path.view)
        }
    }

    /// Calls `body` with the path of each container and TTL znode that nobody uses any more
    /// (Apache `ContainerManager.getCandidates`): a container that had children and has none; one
    /// that never had any and is older than `neverUsedMilliseconds`, unless that is 0; a TTL znode
    /// without children that was not changed for longer than its TTL.
    /// - Parameter now: milliseconds since 1970.
    package func reapCandidates(
        now: Int64, neverUsedMilliseconds: Int64, _ body: (ByteView) -> Void
    ) {
        let path = ByteWriter(capacity: 128)
        func report(_ ref: NodeRef) {
            path.removeAll()
            self.path(of: ref, into: path)
            body(path.view)
        }
        forEachOwned(containers) { ref in
            let block = store.block(ref)
            guard block.childCount == 0 else { return }
            let unchanged = now &- block.header.pointee.mtime
            let isStale = neverUsedMilliseconds != 0 && unchanged > neverUsedMilliseconds
            if block.cversion > 0 || isStale { report(ref) }
        }
        forEachOwned(ttls) { ref in
            let block = store.block(ref)
            guard block.childCount == 0,
                case .ttl(let milliseconds) = NodeKind(ephemeralOwner: block.ephemeralOwner),
                milliseconds != 0, now &- block.header.pointee.mtime > milliseconds
            else { return }
            report(ref)
        }
    }

    func forEachOwned(_ list: OwnerList, _ body: (NodeRef) -> Void) {
        var ref = list.first
        while !ref.isNone {
            let next = store.block(ref).extended.pointee.nextOwned
            body(ref)
            ref = next
        }
    }
}
