import ZKWire

// Applying transactions: one path for a live leader or follower, for the replay of a log on a fuzzy
// snapshot and for the import of Apache's.
//
// A fuzzy snapshot has each znode as it was when the walk came by, which may be after any number of
// the transactions that are replayed on it. What makes every replay end in the live tree:
//
// 1. A transaction never touches a znode that a later one created (czxid > zxid). What it did to
//    the earlier znode of that path is gone for good.
// 2. A field that a transaction sets goes with the zxid or the version that set it, and only moves
//    forward: data with mzxid, the list with aversion, a parent's counts with cversion and pzxid.
// 3. A deletion whose znode has children, in the log all of them created later, takes those along:
//    the log creates them again. (Apache's walk is by path, so that its snapshots can have children
//    of a later znode below an earlier one.)

/// What is the same for all parts of a transaction.
struct TxnContext {
    let zxid: Zxid
    let time: Int64
    let session: SessionID

    @inline(__always)
    init(_ header: TxnHeader) {
        zxid = header.zxid
        time = header.time
        session = header.session
    }
}

extension DataTree {
    /// Makes the change that a transaction stands for. Validation came before: what cannot be
    /// applied here is either done already (replay) or changes nothing.
    @inline(__always)
    package func apply<O: TreeObserver>(
        _ header: TxnHeader, _ txn: Txn, observer: inout O
    ) {
        let context = TxnContext(header)
        switch txn {
        case .createSession(let timeout):
            if defects.contains(.zookeeper3144) { countEarly(context.zxid) }
            sessions.set(context.session, timeoutMilliseconds: timeout)
            report(header.type, &observer)
        case .closeSession(let paths):
            closeSession(paths, context, &observer)
            report(header.type, &observer)
        case .multi(let multi):
            applyMulti(multi, context, type: header.type, &observer)
        default:
            applyPart(txn, type: header.type, context, &observer)
        }
        // Only now: a snapshot that begins within a transaction would take it for applied.
        if context.zxid > lastProcessedZxid { lastProcessedZxid = context.zxid }
    }

    /// A transaction counts as applied that is not applied as a whole.
    @inline(never)
    func countEarly(_ zxid: Zxid) {
        lastProcessedZxid = max(lastProcessedZxid, zxid)
        midway?()
    }

    /// A transaction of its own, or a part of a multi.
    func applyPart<O: TreeObserver>(
        _ txn: Txn, type: Int32, _ context: TxnContext, _ observer: inout O
    ) {
        switch txn {
        case .create(let create): applyCreate(create, type: type, context, &observer)
        case .delete(let path): applyDelete(path, type: type, context, &observer)
        case .setData(let path, let data, let version):
            applySetData(path, data, version, type: type, context, &observer)
        case .setACL(let path, let acl, let version):
            applySetACL(path, acl, version, type: type, context, &observer)
        case .check(let path, _):
            observer.applied(type: type, path: path, stat: nil, error: 0)
        case .error(let code):
            report(type, error: code, &observer)
        case .createSession, .closeSession, .multi:
            preconditionFailure("DataTree: \(type) is no part of a multi")
        }
    }

    @inline(__always)
    func report<O: TreeObserver>(_ type: Int32, error: Int32 = 0, _ observer: inout O) {
        observer.applied(
            type: type, path: ByteView(start: nil, count: 0), stat: nil, error: error)
    }

    /// The znode at `path` unless a later transaction created it.
    @inline(__always)
    func find(_ path: ByteView, asOf zxid: Zxid) -> NodeRef? {
        guard let ref = find(path), store.block(ref).header.pointee.czxid <= zxid else {
            return nil
        }
        return ref
    }
}

extension DataTree {
    func applyCreate<O: TreeObserver>(
        _ txn: CreateTxn, type: Int32, _ context: TxnContext, _ observer: inout O
    ) {
        guard let place = DataTree.place(of: txn.path) else {
            let error: ErrorCode = DataTree.isRoot(txn.path) ? .nodeExists : .noNode
            return fail(error, type, txn.path, &observer)
        }
        guard let parent = find(place.parent, asOf: context.zxid) else {
            return fail(.noNode, type, txn.path, &observer)
        }
        let hash = UInt32(truncatingIfNeeded: hasher.hash(txn.path))
        let existing = find(txn.path, hash: hash)
        countCreation(below: parent, place.parent, txn.parentCVersion, context.zxid)
        guard existing.isNone else {
            recreate(existing, acl: txn.acl, context.zxid)
            return fail(.nodeExists, type, txn.path, &observer)
        }
        let acl = acls.intern(txn.acl)
        let stat = StatPersisted(
            czxid: context.zxid, mzxid: context.zxid, ctime: context.time, mtime: context.time,
            version: 0, cversion: 0, aversion: 0,
            ephemeralOwner: txn.ephemeralOwner(session: context.session), pzxid: context.zxid)
        let ref = insert(
            path: txn.path, hash: hash, name: place.name, below: parent, data: txn.data, acl: acl,
            stat: stat)
        if concernsQuota(txn.path) { noteCreated(ref, path: txn.path) }
        observer.nodeCreated(
            path: txn.path, acl: acl, parentACL: store.block(parent).header.pointee.acl)
        observer.applied(type: type, path: txn.path, stat: self.stat(of: ref), error: 0)
    }

    /// Logs from before the count was recorded (-1) count up by one, unless the parent shows that
    /// this creation is in it.
    @inline(__always)
    private func countCreation(
        below parent: NodeRef, _ path: ByteView, _ parentCVersion: Int32, _ zxid: Zxid
    ) {
        let family = store.extendedBlock(parent).extended
        var cversion = parentCVersion
        if cversion == -1, zxid > family.pointee.pzxid { cversion = family.pointee.cversion &+ 1 }
        guard cversion > family.pointee.cversion else { return }
        digestWillChange(parent, path)
        family.pointee.cversion = cversion
        family.pointee.pzxid = max(family.pointee.pzxid, zxid)
        digestDidChange(parent, path)
    }

    /// A creation that the snapshot has. The snapshot may lack the list, if it was new when the
    /// walk was under way; a later setACL, if there was one, brings its own.
    private func recreate(_ ref: NodeRef, acl: ByteView, _ zxid: Zxid) {
        let header = store.block(ref).header
        guard header.pointee.czxid == zxid, header.pointee.aversion == 0,
            !defects.contains(.zookeeper3306)
        else { return }
        assign(acls.intern(acl), to: ref)
    }

    func applySetData<O: TreeObserver>(
        _ path: ByteView, _ data: ByteView?, _ version: Int32, type: Int32,
        _ context: TxnContext, _ observer: inout O
    ) {
        guard let ref = find(path, asOf: context.zxid) else {
            return fail(.noNode, type, path, &observer)
        }
        if store.block(ref).header.pointee.mzxid <= context.zxid {
            let oldLength = store.block(ref).dataLength
            digestWillChange(ref, path)
            setData(ref, data)
            let header = store.block(ref).header
            header.pointee.mzxid = context.zxid
            header.pointee.mtime = context.time
            header.pointee.version = version
            digestDidChange(ref, path, hasNewData: true)
            if concernsQuota(path) { noteDataChanged(ref, path: path, oldLength: oldLength) }
            observer.nodeDataChanged(path: path, acl: header.pointee.acl)
        }
        observer.applied(type: type, path: path, stat: stat(of: ref), error: 0)
    }

    func applySetACL<O: TreeObserver>(
        _ path: ByteView, _ acl: ByteView, _ version: Int32, type: Int32,
        _ context: TxnContext, _ observer: inout O
    ) {
        guard let ref = find(path, asOf: context.zxid) else {
            return fail(.noNode, type, path, &observer)
        }
        // The same version again is the same list, which the snapshot may lack.
        let header = store.block(ref).header
        if version >= header.pointee.aversion {
            assign(acls.intern(acl), to: ref)
            digestWillChange(ref, path)
            header.pointee.aversion = version
            digestDidChange(ref, path)
        }
        observer.applied(type: type, path: path, stat: stat(of: ref), error: 0)
    }

    @inline(never)
    func fail<O: TreeObserver>(
        _ error: ErrorCode, _ type: Int32, _ path: ByteView, _ observer: inout O
    ) {
        observer.applied(type: type, path: path, stat: nil, error: error.rawValue)
    }
}
