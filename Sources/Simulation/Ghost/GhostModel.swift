// What the committed transactions amount to: a tree of its own, and for each path what it was when.

import DataTree
import ZKWire

final class GhostModel {
    /// What a znode was from a transaction on.
    struct Version {
        let zxid: Zxid
        /// nil: there was none.
        let stat: Stat?
        let data: UInt64
        let children: UInt64
    }

    /// What a transaction was.
    struct Record {
        let zxid: Zxid
        let session: SessionID
        let cxid: Int32
        let isError: Bool
    }

    private struct Request: Hashable {
        let session: SessionID
        /// How often the session's id had been given out before.
        let reuse: Int
        let cxid: Int32
    }

    /// Between the transactions at which trees are compared.
    private static let digestInterval: UInt32 = 32

    let tree = DataTree()
    private(set) var last = Zxid.zero
    private(set) var digests: [Zxid: UInt64] = [:]
    private var versions: [String: [Version]] = [:]
    private var requests: [Request: Record] = [:]
    private var records: [Zxid: Record] = [:]
    private var ended: Set<SessionID> = []
    /// Ids that were given out again, by servers whose clock had been set back.
    private(set) var reuses: [SessionID: Int] = [:]
    private(set) var closedSessions = 0

    static func hash(_ bytes: ByteView) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }

    static func digest(_ tree: DataTree) -> UInt64 {
        var hash: UInt64 = 7
        for line in tree.dump() {
            line.withByteView { hash = hash &* 31 &+ GhostModel.hash($0) }
        }
        return hash
    }

    // MARK: Growing

    /// - Returns: what is wrong with it.
    func apply(_ payload: [UInt8], _ zxid: Zxid) -> String? {
        payload.withByteView { view in
            var reader = JuteReader(view)
            guard let header = try? reader.readTxnHeader(),
                let txn = try? reader.readTxn(type: header.type)
            else { return "\(zxid) cannot be decoded" }
            let complaint = note(header, txn)
            var observer = TouchedPaths()
            tree.apply(header, txn, observer: &observer)
            last = zxid
            for path in observer.paths.sorted() { remember(path, zxid) }
            if zxid.counter % GhostModel.digestInterval == 0 {
                digests[zxid] = GhostModel.digest(tree)
            }
            return complaint ?? checkSession(header)
        }
    }

    private func note(_ header: TxnHeader, _ txn: Txn) -> String? {
        let isError: Bool =
            switch txn {
            case .error: true
            case .multi(let multi): (try? multi.isFailed) ?? true
            default: false
            }
        let record = Record(
            zxid: header.zxid, session: header.session, cxid: header.cxid, isError: isError)
        records[header.zxid] = record
        if case .createSession = txn, ended.remove(header.session) != nil {
            reuses[header.session, default: 0] += 1
        }
        guard header.cxid != 0, header.type != OpCode.createSession.rawValue else { return nil }
        let request = request(header.session, header.cxid)
        if let other = requests[request] {
            return "request \(request) was committed as \(other.zxid) and as \(header.zxid)"
        }
        requests[request] = record
        if ended.contains(header.session), !isError {
            return "\(header.zxid) is of session \(header.session), which was closed before"
        }
        return nil
    }

    private func checkSession(_ header: TxnHeader) -> String? {
        if header.type == OpCode.closeSession.rawValue {
            closedSessions += 1
            ended.insert(header.session)
            if tree.ephemeralCount(of: header.session) > 0 {
                return "ephemerals of \(header.session) are left after \(header.zxid)"
            }
        }
        if tree.ephemeralCount(of: header.session) > 0,
            tree.sessions.timeout(of: header.session) == nil
        {
            return "\(header.zxid): ephemerals of session \(header.session), which does not live"
        }
        return nil
    }

    private func remember(_ path: String, _ zxid: Zxid) {
        let version = path.withByteView { view -> Version in
            guard let ref = tree.find(view) else {
                return Version(zxid: zxid, stat: nil, data: 0, children: 0)
            }
            var children: [String] = []
            tree.forEachChild(of: ref) { children.append($0.text) }
            return Version(
                zxid: zxid, stat: tree.stat(of: ref),
                data: tree.data(of: ref).map { GhostModel.hash($0) } ?? GhostModel.emptyHash,
                children: GhostModel.hash(children))
        }
        versions[path, default: []].append(version)
    }

    private static let emptyHash = hash(ByteView(start: nil, count: 0))

    /// Of names in whatever order.
    static func hash(_ names: [String]) -> UInt64 {
        names.reduce(0) { sum, name in sum &+ name.withByteView { hash($0) } }
    }

    // MARK: Asking

    /// What a path was when everything up to `zxid` had happened.
    func version(of path: String, at zxid: Zxid) -> Version? {
        guard let all = versions[path] else { return nil }
        let index = GhostModel.index(in: all, after: zxid)
        return index > 0 ? all[index - 1] : nil
    }

    /// The first change after `zxid` that a watch on the data would tell of.
    func firstDataChange(of path: String, after zxid: Zxid) -> Zxid? {
        guard let all = versions[path] else { return nil }
        let start = GhostModel.index(in: all, after: zxid)
        var before = start > 0 ? all[start - 1].stat : nil
        for index in start..<all.count {
            let stat = all[index].stat
            if stat?.mzxid != before?.mzxid || stat?.czxid != before?.czxid {
                return all[index].zxid
            }
            before = stat
        }
        return nil
    }

    private static func index(in all: [Version], after zxid: Zxid) -> Int {
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if all[middle].zxid <= zxid { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func record(of session: SessionID, _ cxid: Int32) -> Record? {
        requests[request(session, cxid)]
    }

    private func request(_ session: SessionID, _ cxid: Int32) -> Request {
        Request(session: session, reuse: reuses[session] ?? 0, cxid: cxid)
    }

    func isEnded(_ session: SessionID) -> Bool { ended.contains(session) }
}

/// Gathers what a transaction touches, and the parents of that.
private struct TouchedPaths: TreeObserver {
    var paths: Set<String> = []

    private mutating func touch(_ path: ByteView) {
        let text = path.text
        guard !text.isEmpty else { return }
        paths.insert(text)
        guard let slash = text.lastIndex(of: "/") else { return }
        paths.insert(slash == text.startIndex ? "/" : String(text[..<slash]))
    }

    mutating func nodeCreated(path: ByteView, acl: ACLID, parentACL: ACLID) { touch(path) }
    mutating func nodeDeleted(path: ByteView, acl: ACLID, parentACL: ACLID) { touch(path) }
    mutating func nodeDataChanged(path: ByteView, acl: ACLID) { touch(path) }
    mutating func applied(type: Int32, path: ByteView, stat: Stat?, error: Int32) {
        if stat != nil { touch(path) }
    }
}
