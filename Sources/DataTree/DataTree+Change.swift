import ZKWire

// The changes that transactions and the loader are made of. They keep the tree's invariants and
// leave what the change means for quotas and observers to their callers.
extension DataTree {
    /// Adds a znode that is not there. `path` is its whole path, `name` the path's last name.
    @discardableResult
    @inline(__always)
    func insert(
        path: ByteView, name: ByteView, below parent: NodeRef, data: ByteView?, acl: ACLID,
        stat: StatPersisted
    ) -> NodeRef {
        insert(
            path: path, hash: UInt32(truncatingIfNeeded: hasher.hash(path)), name: name,
            below: parent, data: data, acl: acl, stat: stat)
    }

    func insert(
        path: ByteView, hash: UInt32, name: ByteView, below parent: NodeRef, data: ByteView?,
        acl: ACLID, stat: StatPersisted
    ) -> NodeRef {
        let block = NodeBlock.allocate(isExtended: stat.needsExtension, name: name, data: data)
        block.initialize(stat: stat, acl: acl, parent: parent)
        acls.retain(acl)
        let ref = store.add(block, hash: hash)
        index.insert(ref, into: store)
        linkChild(ref, block, below: parent)
        if stat.ephemeralOwner != 0 { enterOwnerList(ref) }
        approximateDataSize &+= path.count &+ (data?.count ?? 0)
        digestAdded(ref, path)
        return ref
    }

    /// Puts a znode before its siblings, where a walk that is past its parent does not see it.
    @inline(__always)
    private func linkChild(_ ref: NodeRef, _ block: NodeBlock, below parent: NodeRef) {
        let family = store.extendedBlock(parent).extended
        let sibling = family.pointee.firstChild
        block.header.pointee.nextSibling = sibling
        if !sibling.isNone { store.block(sibling).header.pointee.previousSibling = ref }
        family.pointee.firstChild = ref
        family.pointee.childCount &+= 1
    }

    /// Takes a znode without children out of the tree. Its memory and its hold on its access
    /// control list remain until `free`.
    func detach(_ ref: NodeRef, pathLength: Int) {
        let block = store.block(ref)
        precondition(block.childCount == 0, "DataTree: \(ref) to delete has children")
        for walk in walks where walk.cursor == ref {
            walk.cursor = successorPastChildren(of: ref)
        }
        index.remove(ref, from: store)
        let header = block.header.pointee
        let family = store.block(header.parent).extended
        if header.previousSibling.isNone {
            family.pointee.firstChild = header.nextSibling
        } else {
            store.block(header.previousSibling).header.pointee.nextSibling = header.nextSibling
        }
        if !header.nextSibling.isNone {
            store.block(header.nextSibling).header.pointee.previousSibling = header.previousSibling
        }
        family.pointee.childCount &-= 1
        if block.ephemeralOwner != 0 { leaveOwnerList(ref) }
        approximateDataSize &-= pathLength &+ block.dataLength
    }

    func free(_ ref: NodeRef) {
        acls.release(store.block(ref).header.pointee.acl)
        store.free(ref)
    }

    @inline(__always)
    func setData(_ ref: NodeRef, _ data: ByteView?) {
        approximateDataSize &+= (data?.count ?? 0) &- store.block(ref).dataLength
        store.setData(ref, data)
    }

    func assign(_ acl: ACLID, to ref: NodeRef) {
        let header = store.block(ref).header
        acls.retain(acl)
        acls.release(header.pointee.acl)
        header.pointee.acl = acl
    }
}

extension StatPersisted {
    /// Whether something in it differs from what the absence of an extension stands for.
    @inline(__always)
    var needsExtension: Bool { ephemeralOwner != 0 || cversion != 0 || pzxid != czxid }
}

extension NodeBlock {
    /// Fills the header (but for the lengths) and, where there is one, the extension.
    @inline(__always)
    func initialize(stat: StatPersisted, acl: ACLID, parent: NodeRef) {
        header.pointee.acl = acl
        header.pointee.parent = parent
        header.pointee.nextSibling = .none
        header.pointee.previousSibling = .none
        if isExtended { extended.initialize(to: NodeExtension(czxid: stat.czxid)) }
        setFields(stat)
    }

    /// The fields that a snapshot keeps.
    @inline(__always)
    func setFields(_ stat: StatPersisted) {
        header.pointee.czxid = stat.czxid
        header.pointee.mzxid = stat.mzxid
        header.pointee.ctime = stat.ctime
        header.pointee.mtime = stat.mtime
        header.pointee.version = stat.version
        header.pointee.aversion = stat.aversion
        guard isExtended else { return }
        extended.pointee.pzxid = stat.pzxid
        extended.pointee.cversion = stat.cversion
        extended.pointee.ephemeralOwner = stat.ephemeralOwner
    }
}
