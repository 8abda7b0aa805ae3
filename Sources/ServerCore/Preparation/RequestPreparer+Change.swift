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
        _ = try nextVersion(node.version, expected: request.version)
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
        if case .ephemeral = NodeKind(ephemeralOwner: node.ephemeralOwner) { throw .badVersion }
        let parent = try futureRecord(parentPath)
        propose(deletionOf: path, node, parentPath, parent, context, into: txn)
    }

    mutating func prepareSetData(
        _ request: SetDataRequest, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        guard PathRules.isValid(request.path) else { throw .badArguments }
        var node = try futureRecord(request.path)
        try check(.write, node, context)
        let size = Int32(request.data?.count ?? 0)
        let use = QuotaUse(bytes: Int64(size) - Int64(node.dataLength))
        try checkQuota(request.path, adding: use)
        node.version = try nextVersion(node.version, expected: request.version)
        node.dataLength = size
        node.zxid = context.zxid
        txn.writeSetDataTxn(path: request.path, data: request.data, version: node.version)
        noteQuotaUse(request.path, use, context.zxid)
        overlay.set(request.path, node)
    }

    mutating func prepareSetACL(
        _ request: SetACLRequest, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        guard PathRules.isValid(request.path) else { throw .badArguments }
        let acl = try resolvedACL(request.acl, context)
        var node = try futureRecord(request.path)
        try check(.admin, node, context)
        node.aversion = try nextVersion(node.aversion, expected: request.version)
        node.acl = .entries(acl)
        node.zxid = context.zxid
        scratch.removeAll()
        scratch.writeACL(acl)
        txn.writeSetACLTxn(path: request.path, acl: scratch.view, version: node.aversion)
        overlay.set(request.path, node)
    }

    mutating func prepareCheck(
        _ request: VersionedPath, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        guard PathRules.isValid(request.path) else { throw .badArguments }
        let node = try futureRecord(request.path)
        try check(.read, node, context)
        let version = try nextVersion(node.version, expected: request.version)
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
        _ parent: ChangeOverlay.Record, _ zxid: Zxid
    ) {
        var parent = parent
        parent.childCount -= 1
        parent.zxid = zxid
        noteQuotaUse(path, QuotaUse(znodes: -1, bytes: -Int64(node.dataLength)), zxid)
        overlay.set(parentPath, parent)
        overlay.set(path, .deleted(zxid))
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
