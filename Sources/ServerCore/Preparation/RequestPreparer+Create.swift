import DataTree
import ZKWire

extension RequestPreparer {
    mutating func prepareCreate(
        _ op: OpCode, _ request: CreateRequest, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        let mode = try createMode(op, request)
        if mode.isEphemeral, context.isLocal { throw .ephemeralOnLocalSession }
        guard let (parentPath, _) = PathRules.split(request.path), !request.path.contains(0) else {
            throw .badArguments
        }
        let acl = try resolvedACL(request.acl, context)
        let oldParent = try futureRecord(parentPath)
        try check(.create, oldParent, context)
        let path =
            mode.isSequential ? sequentialPath(request.path, oldParent.stat.cversion) : request.path
        guard PathRules.isValid(path) else { throw .badArguments }
        if willExist(path) { throw .nodeExists }
        if case .ephemeral = NodeKind(ephemeralOwner: oldParent.stat.ephemeralOwner) {
            throw .noChildrenForEphemerals
        }
        let size = request.data?.count ?? 0
        let use = QuotaUse(znodes: 1, bytes: Int64(size))
        try checkQuota(path, adding: use)

        var parent = oldParent
        parent.stat.cversion &+= 1
        parent.stat.pzxid = context.zxid
        parent.childCount += 1
        // The tree counts only forward: after 2^31 creations it will be something else.
        if parent.stat.cversion < oldParent.stat.cversion { endForecast() }
        parent.zxid = context.zxid
        scratch.removeAll()
        scratch.writeACL(acl)
        let created = CreateTxn(
            path: path, data: request.data, acl: scratch.view, kind: kind(op, mode, request),
            parentCVersion: parent.stat.cversion)
        txn.writeCreateTxn(created)
        noteQuotaUse(path, use, context.zxid)
        note(parentPath, parent, was: oldParent)
        note(path, record(of: created, acl, context), was: nil)
    }

    private func record(
        of created: CreateTxn, _ acl: [ACLEntry], _ context: Context
    ) -> ChangeOverlay.Record {
        let zxid = context.zxid
        let stat = StatPersisted(
            czxid: zxid, mzxid: zxid, ctime: context.wallMilliseconds,
            mtime: context.wallMilliseconds, version: 0, cversion: 0, aversion: 0,
            ephemeralOwner: created.ephemeralOwner(session: context.session), pzxid: zxid)
        return ChangeOverlay.Record(
            zxid: zxid, exists: true, stat: stat, childCount: 0,
            dataLength: Int32(created.data?.count ?? 0), acl: .entries(acl),
            content: digestContent(created.path, created.data))
    }

    private func createMode(
        _ op: OpCode, _ request: CreateRequest
    ) throws(ErrorCode) -> CreateMode {
        guard let mode = CreateMode(rawValue: request.flags) else { throw .badArguments }
        // Differs from ZooKeeper, where createTTL with other flags and a TTL of -1 ends the server.
        if op == .createTTL, !mode.isTTL { throw .badArguments }
        if mode.isTTL {
            guard configuration.extendedTypesEnabled else { throw .unimplemented }
            guard (1...NodeKind.maximumTTL).contains(request.ttl) else { throw .badArguments }
        } else if request.ttl >= 0 {
            throw .badArguments
        }
        return mode
    }

    /// The operation decides, not the flags: only createContainer and createTTL make their kinds.
    private func kind(_ op: OpCode, _ mode: CreateMode, _ request: CreateRequest) -> CreateTxn.Kind
    {
        switch op {
        case .createContainer: .container
        case .createTTL: .ttl(milliseconds: request.ttl)
        default: mode.isEphemeral ? .ephemeral : .persistent
        }
    }

    /// The path with the parent's count of creations, ten digits wide. Valid until the next use of
    /// `pathScratch`.
    private func sequentialPath(_ path: ByteView, _ sequence: Int32) -> ByteView {
        pathScratch.removeAll()
        pathScratch.writeRaw(path)
        let digits = String(sequence.magnitude)
        let sign = sequence < 0 ? "-" : ""
        let zeros = String(repeating: "0", count: max(0, 10 - digits.count - sign.count))
        (sign + zeros + digits).withByteView { pathScratch.writeRaw($0) }
        return pathScratch.view
    }
}
