// From a request to a transaction: everything that can fail is decided here, against the future
// state, before anything is proposed (the paper, section 4.1; rule D14).

import DataTree
import ZKWire

/// Validates write requests and encodes the idempotent transactions that they become.
struct RequestPreparer {
    /// Whose request it is and what it will be known as.
    struct Context {
        var requester: Requester
        var session: SessionID
        /// Nobody but one server knows the session: it cannot own what all have to delete.
        var isLocal = false
        var zxid: Zxid
        var wallMilliseconds: Int64
    }

    var tree: DataTree
    let access: AccessControl
    let configuration: CoreConfiguration
    var overlay: ChangeOverlay
    /// Where proposals carry a digest.
    private(set) var forecast: DigestForecast?
    /// Reused for what is encoded before its length or place is known.
    let scratch = ByteWriter()
    let pathScratch = ByteWriter(capacity: 256)
    /// Soft and hard limits that were passed, for the log.
    var quotaNotices: [Notice] = []

    init(tree: DataTree, configuration: CoreConfiguration) {
        self.tree = tree
        self.configuration = configuration
        access = AccessControl(configuration)
        overlay = ChangeOverlay(seed: configuration.hashSeed)
    }

    /// Appends the record of the transaction that `op` becomes to `txn`.
    /// - Throws: the code that the client is answered with; `txn` may hold part of a record then.
    mutating func prepare(
        _ op: OpCode, _ body: inout JuteReader, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        switch op {
        case .create, .create2, .createContainer, .createTTL:
            let request = try decoded { () throws(DecodeError) in
                try body.readCreateRequest(hasTTL: op == .createTTL)
            }
            try prepareCreate(op, request, context, into: txn)
        case .delete:
            let request = try decoded { () throws(DecodeError) in try body.readVersionedPath() }
            try prepareDelete(request, context, into: txn)
        case .deleteContainer:
            let path = try decoded { () throws(DecodeError) in try body.readBuffer() }
            try prepareDeleteContainer(path, context, into: txn)
        case .setData:
            let request = try decoded { () throws(DecodeError) in try body.readSetDataRequest() }
            try prepareSetData(request, context, into: txn)
        case .setACL:
            let request = try decoded { () throws(DecodeError) in try body.readSetACLRequest() }
            try prepareSetACL(request, context, into: txn)
        case .check:
            let request = try decoded { () throws(DecodeError) in try body.readVersionedPath() }
            try prepareCheck(request, context, into: txn)
        case .multi:
            try prepareMulti(&body, context, into: txn)
        case .reconfig:
            try decoded { () throws(DecodeError) in try body.readReconfigRequest() }
            throw .reconfigDisabled
        default: throw .unimplemented
        }
    }

    /// A body that cannot be decoded is the client's error, answered as such.
    @inline(__always)
    func decoded<T>(_ body: () throws(DecodeError) -> T) throws(ErrorCode) -> T {
        do throws(DecodeError) { return try body() } catch { throw .marshallingError }
    }

    // MARK: The future state

    /// The znode at `path` as it will be when everything in flight is applied.
    func futureRecord(_ path: ByteView) throws(ErrorCode) -> ChangeOverlay.Record {
        if let pending = overlay.record(path) {
            guard pending.exists else { throw .noNode }
            return pending
        }
        guard let node = tree.find(path) else { throw .noNode }
        return ChangeOverlay.Record(
            zxid: .zero, exists: true, stat: tree.persistedStat(of: node),
            childCount: Int32(truncatingIfNeeded: tree.childCount(of: node)),
            dataLength: Int32(truncatingIfNeeded: tree.data(of: node)?.count ?? 0),
            acl: .tree(tree.acl(of: node)), content: tree.digestContent(of: node))
    }

    func willExist(_ path: ByteView) -> Bool {
        if let pending = overlay.record(path) { return pending.exists }
        return tree.find(path) != nil
    }

    /// Brings the future state up to a change.
    /// - Parameter old: the record before it; nil for a znode that is not there yet.
    mutating func note(
        _ path: ByteView, _ record: ChangeOverlay.Record, was old: ChangeOverlay.Record?
    ) {
        forecast?.replace(path, old, by: record)
        overlay.set(path, record)
    }

    /// Takes back every change made for `zxid`, the newest one.
    mutating func undo(_ zxid: Zxid) {
        forecast?.undo(zxid)
        overlay.undo(zxid)
    }

    func digestContent(_ path: ByteView, _ data: ByteView?) -> UInt32 {
        forecast?.content(path, data) ?? 0
    }

    /// Nothing is in flight: the future is the tree itself.
    mutating func beginForecast() {
        forecast = tree.digestValue.map { DigestForecast($0) }
    }

    /// No digest is stated before nothing is in flight again.
    mutating func endForecast() { forecast = nil }

    /// There is another tree, or what was in flight is nobody's any more.
    mutating func forget(_ tree: DataTree) {
        self.tree = tree
        overlay = ChangeOverlay(seed: configuration.hashSeed)
        forecast = nil
    }

    // MARK: Checks

    func check(
        _ permissions: Permissions, _ record: ChangeOverlay.Record, _ context: Context
    ) throws(ErrorCode) {
        let isPermitted =
            switch record.acl {
            case .tree(let id): access.permits(permissions, id, tree, context.requester)
            case .entries(let entries): access.permits(permissions, entries, context.requester)
            }
        guard isPermitted else { throw .noAuth }
    }

    /// The version after a change, if `expected` allows the change: -1 is any.
    func nextVersion(
        _ current: Int32, expected: Int32
    ) throws(ErrorCode) -> Int32 {
        guard expected == -1 || expected == current else { throw .badVersion }
        let next = current &+ 1
        // -1 would mean "any" to whoever sends it back (ZOOKEEPER-4743).
        return next == -1 ? 0 : next
    }

    mutating func checkQuota(_ path: ByteView, adding change: QuotaUse) throws(ErrorCode) {
        guard let quota = enforcedQuota(path) else { return }
        let inFlight = overlay.quotas.inFlight(quota)
        switch tree.verdict(on: quota, adding: change, inFlight: inFlight) {
        case .within: return
        case .softExceeded:
            quotaNotices.append(.quotaExceeded(path: path.text, isHard: false))
        case .hardExceeded:
            quotaNotices.append(.quotaExceeded(path: path.text, isHard: true))
            throw .quotaExceeded
        }
    }

    /// Counts a change that is proposed, until the tree does.
    mutating func noteQuotaUse(_ path: ByteView, _ change: QuotaUse, _ zxid: Zxid) {
        guard let quota = enforcedQuota(path), change != QuotaUse() else { return }
        overlay.quotas.add(change, to: quota, zxid)
    }

    private func enforcedQuota(_ path: ByteView) -> Quota? {
        configuration.enforceQuota ? tree.quota(covering: path) : nil
    }

    /// The bytes of the list that is stored for a request's, and the list itself unless it is the
    /// commonest one, which needs no decoding.
    mutating func resolvedACL(
        _ requested: ByteView, _ context: Context
    ) throws(ErrorCode) -> [ACLEntry] {
        if ACLEntry.isOpenUnsafe(requested) { return ACLEntry.openUnsafe }
        var reader = JuteReader(requested)
        let entries = try decoded { () throws(DecodeError) in try reader.readACL() }
        return try access.resolved(entries, context.requester)
    }
}

extension ACLEntry {
    private static let openUnsafeBytes: [UInt8] = {
        let writer = ByteWriter()
        writer.writeACL(ACLEntry.openUnsafe)
        return writer.bytes
    }()

    /// Whether an encoded `vector<ACL>` is world:anyone with all permissions.
    static func isOpenUnsafe(_ encoded: ByteView) -> Bool {
        openUnsafeBytes.withByteView { encoded.isEqual(to: $0) }
    }
}
