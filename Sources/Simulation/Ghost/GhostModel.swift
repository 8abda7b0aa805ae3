// What the committed transactions amount to: a tree of its own, and for each path what it was when.

import DataTree
import ZKWire

package final class GhostModel {
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

    package let tree = DataTree()
    private(set) var last = Zxid.zero
    /// The tree's own digest after each transaction.
    private var digests: [Zxid: Int64] = [:]
    /// Of everything in the tree, now and then.
    private var fullDigests: [Zxid: UInt64] = [:]
    private let fullDigestInterval: UInt32
    package let history = PathHistory()
    private var requests: [Request: Record] = [:]
    /// The last closeSession of each session that has ended.
    private var ended: [SessionID: Zxid] = [:]
    /// Ids that were given out again, by servers whose clock had been set back.
    private(set) var reuses: [SessionID: Int] = [:]
    private var sequences: [Zxid: Int] = [:]

    /// - Parameter fullDigestInterval: between the transactions at which all of a tree is compared.
    package init(fullDigestInterval: UInt32) {
        self.fullDigestInterval = fullDigestInterval
        tree.keepDigest()
        history.begin(tree, at: .zero)
    }

    private static let hasher = PathHasher(seed: 0)

    static func hash(_ bytes: ByteView) -> UInt64 { hasher.hash(bytes) }

    static func digest(_ tree: DataTree) -> UInt64 {
        var hash: UInt64 = 7
        for line in tree.dump() {
            line.withByteView { hash = hash &* 31 &+ GhostModel.hash($0) }
        }
        return hash
    }

    /// Everything begins after this zxid.
    func begin(at zxid: Zxid) {
        var nobody = NoObserver()
        tree.apply(
            TxnHeader(session: .none, cxid: 0, zxid: zxid, time: 0, type: OpCode.error.rawValue),
            .error(code: 0), observer: &nobody)
        last = zxid
    }

    /// Whether a tree is another one than there was at its last transaction.
    func differs(_ other: DataTree) -> Bool {
        let zxid = other.lastProcessedZxid
        if let own = other.digestValue, let right = digests[zxid], own != right { return true }
        guard let right = fullDigests[zxid] else { return false }
        return GhostModel.digest(other) != right
    }

    // MARK: Growing

    /// - Returns: what is wrong with it.
    package func apply(_ payload: [UInt8], _ zxid: Zxid) -> Failure? {
        payload.withByteView { view in
            var reader = JuteReader(view)
            guard let header = try? reader.readTxnHeader(),
                let txn = try? reader.readTxn(type: header.type)
            else { return Failure(property: "P-02", text: "\(zxid) cannot be decoded") }
            let complaint = note(header, txn) ?? checkBefore(header, txn)
            history.begin(zxid)
            tree.apply(header, txn, observer: &history.observer)
            last = zxid
            history.end(tree)
            digests[zxid] = tree.digestValue
            if zxid.counter % fullDigestInterval == 0 {
                fullDigests[zxid] = GhostModel.digest(tree)
            }
            return complaint ?? checkSession(header) ?? checkSequences(zxid)
        }
    }

    private func note(_ header: TxnHeader, _ txn: Txn) -> Failure? {
        let isError: Bool =
            switch txn {
            case .error: true
            case .multi(let multi): (try? multi.isFailed) ?? true
            default: false
            }
        let record = Record(
            zxid: header.zxid, session: header.session, cxid: header.cxid, isError: isError)
        if case .createSession = txn, ended.removeValue(forKey: header.session) != nil {
            reuses[header.session, default: 0] += 1
        }
        guard header.cxid != 0, header.type != OpCode.createSession.rawValue else { return nil }
        let request = request(header.session, header.cxid)
        if let other = requests[request] {
            return Failure(
                property: "C-06",
                text: "\(request) was committed as \(other.zxid) and as \(header.zxid)")
        }
        requests[request] = record
        let isClosing = header.type == OpCode.closeSession.rawValue
        if ended[header.session] != nil, !isError, !isClosing {
            return Failure(
                property: "C-10",
                text: "\(header.zxid) is of session \(header.session), which was closed before")
        }
        return nil
    }

    /// C-16: what the servers delete of themselves is not in use.
    private func checkBefore(_ header: TxnHeader, _ txn: Txn) -> Failure? {
        guard header.type == OpCode.deleteContainer.rawValue, case .delete(let path) = txn else {
            return nil
        }
        guard let ref = tree.find(path) else {
            return Failure(property: "C-16", text: "\(header.zxid) reaps \(path.text), which is not there")
        }
        let stat = tree.stat(of: ref)
        let isDue =
            switch tree.kind(of: ref) {
            case .container: stat.numChildren == 0 && stat.cversion > 0
            case .ttl(let milliseconds):
                stat.numChildren == 0 && header.time - stat.mtime > milliseconds
            case .persistent, .ephemeral: false
            }
        return isDue
            ? nil
            : Failure(property: "C-16", text: "\(header.zxid) reaps \(path.text), which is in use: \(stat)")
    }

    private func checkSession(_ header: TxnHeader) -> Failure? {
        let session = header.session
        let owned = tree.ephemeralCount(of: session)
        if header.type == OpCode.closeSession.rawValue {
            if let before = ended.updateValue(header.zxid, forKey: session) {
                return Failure(
                    property: "C-08",
                    text: "\(header.zxid) closes session \(session), which \(before) had closed")
            }
            if owned > 0 {
                return Failure(
                    property: "C-09",
                    text: "ephemerals of \(session) are left after \(header.zxid)")
            }
        }
        guard owned > 0, tree.sessions.timeout(of: session) == nil else { return nil }
        return Failure(
            property: "C-09",
            text: "\(header.zxid): ephemerals of session \(session), which does not live")
    }

    /// C-14: the numbers that a znode gives its sequential children only grow.
    private func checkSequences(_ zxid: Zxid) -> Failure? {
        for change in history.changes(of: zxid) where change.kind == .created {
            guard let dash = change.path.lastIndex(of: "-"), change.path.hasSequence,
                let number = Int(change.path[change.path.index(after: dash)...]),
                let parent = history.version(of: PathHistory.parent(of: change.path), at: zxid)?.stat
            else { continue }
            if let before = sequences.updateValue(number, forKey: parent.czxid), before >= number {
                return Failure(property: "C-14", text: "\(change.path) comes after \(before)")
            }
        }
        return nil
    }

    // MARK: Asking

    func record(of session: SessionID, _ cxid: Int32) -> Record? {
        requests[request(session, cxid)]
    }

    private func request(_ session: SessionID, _ cxid: Int32) -> Request {
        Request(session: session, reuse: reuses[session] ?? 0, cxid: cxid)
    }

    /// Which transaction closed it; nil if none has.
    func end(of session: SessionID) -> Zxid? { ended[session] }

    /// Whether its id was given out more than once.
    func isReused(_ session: SessionID) -> Bool { reuses[session] != nil }
}

extension String {
    /// Ends as sequential znodes of the simulated clients do.
    fileprivate var hasSequence: Bool { utf8.count > 12 && contains("/q-") }
}
