import DataTree
import ZKWire

extension RequestPreparer {
    mutating func prepareDelete(
        _ request: VersionedPath, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        let parentPath = try deletableParent(request.path)
        let parent = try futureRecord(parentPath)
        try check(.delete, parent, context)
        let node = try futureRecord(request.path)
        _ = try nextVersion(node.stat.version, expected: request.version)
        guard node.childCount == 0 else { throw .notEmpty }
        propose(deletionOf: request.path, node, parentPath, parent, context, into: txn)
    }

    /// The server's own: an empty container, or a TTL znode whose time is up.
    mutating func prepareDeleteContainer(
        _ path: ByteView, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        let parentPath = try deletableParent(path)
        let node = try futureRecord(path)
        guard node.childCount == 0 else { throw .notEmpty }
        if case .ephemeral = NodeKind(ephemeralOwner: node.stat.ephemeralOwner) {
            throw .badVersion
        }
        let parent = try futureRecord(parentPath)
        propose(deletionOf: path, node, parentPath, parent, context, into: txn)
    }

    mutating func prepareSetData(
        _ request: SetDataRequest, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        guard PathRules.isValid(request.path) || isEmptyTaken(request.path) else {
            throw .badArguments
        }
        let old = try futureRecord(request.path)
        try check(.write, old, context)
        let size = Int32(request.data?.count ?? 0)
        let use = QuotaUse(bytes: Int64(size) - Int64(old.dataLength))
        try checkQuota(request.path, adding: use)
        var node = old
        node.stat.version = try nextVersion(old.stat.version, expected: request.version)
        node.stat.mzxid = context.zxid
        node.stat.mtime = context.wallMilliseconds
        node.dataLength = size
        node.content = digestContent(request.path, request.data)
        node.zxid = context.zxid
        txn.writeSetDataTxn(path: request.path, data: request.data, version: node.stat.version)
        noteQuotaUse(request.path, use, context.zxid)
        note(request.path, node, was: old)
    }

    private func isEmptyTaken(_ path: ByteView) -> Bool {
        path.isEmpty && configuration.defects.contains(.zookeeper2213)
    }

    mutating func prepareSetACL(
        _ request: SetACLRequest, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        guard PathRules.isValid(request.path) else { throw .badArguments }
        let acl = try resolvedACL(request.acl, context)
        let old = try futureRecord(request.path)
        try check(.admin, old, context)
        var node = old
        node.stat.aversion = try nextVersion(old.stat.aversion, expected: request.version)
        node.acl = .entries(acl)
        node.zxid = context.zxid
        scratch.removeAll()
        scratch.writeACL(acl)
        txn.writeSetACLTxn(path: request.path, acl: scratch.view, version: node.stat.aversion)
        note(request.path, node, was: old)
    }

    mutating func prepareCheck(
        _ request: VersionedPath, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        guard PathRules.isValid(request.path) else { throw .badArguments }
        let node = try futureRecord(request.path)
        try check(.read, node, context)
        let version = try nextVersion(node.stat.version, expected: request.version)
        txn.writeCheckVersionTxn(path: request.path, version: version)
    }

    private mutating func propose(
        deletionOf path: ByteView, _ node: ChangeOverlay.Record, _ parentPath: ByteView,
        _ parent: ChangeOverlay.Record, _ context: Context, into txn: ByteWriter
    ) {
        txn.writeDeleteTxn(path: path)
        noteDeletion(of: path, node, parentPath, parent, context.zxid)
    }

    /// Brings the future state up to a deletion.
    mutating func noteDeletion(
        of path: ByteView, _ node: ChangeOverlay.Record, _ parentPath: ByteView,
        _ oldParent: ChangeOverlay.Record, _ zxid: Zxid
    ) {
        var parent = oldParent
        parent.childCount -= 1
        parent.stat.pzxid = zxid
        parent.zxid = zxid
        noteQuotaUse(path, QuotaUse(znodes: -1, bytes: -Int64(node.dataLength)), zxid)
        note(parentPath, parent, was: oldParent)
        note(path, .deleted(zxid), was: node)
    }

    /// The parent of a path that may be deleted; the server's own znodes may not.
    private func deletableParent(_ path: ByteView) throws(ErrorCode) -> ByteView {
        guard let (parent, _) = PathRules.split(path), !path.contains(0),
            !ReservedPath.isReserved(path)
        else { throw .badArguments }
        return parent
    }
}

/// The znodes that every tree has.
enum ReservedPath {
    private static let all = ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"]

    static func isReserved(_ path: ByteView) -> Bool {
        all.contains { name in name.withByteView { path.isEqual(to: $0) } }
    }
}
