import DataTree
import DequeModule
import ZKWire

/// What the tree will be once everything in flight has been applied: requests are validated against
/// this, so that they may be pipelined (the paper, section 4.1: "future state").
///
/// Invariants:
///  1. `newest` has each path that something in flight touches, and which change was the last.
///  2. When a zxid is applied its changes go, since the tree now has them.
struct ChangeOverlay {
    /// A znode as it will be.
    struct Record {
        var zxid: Zxid
        /// False: it will be gone.
        var exists: Bool
        var stat: StatPersisted
        var childCount: Int32
        var dataLength: Int32
        var acl: AccessList
        /// The state of the digest's checksum after path and data; 0 where no digest is kept.
        var content: UInt32

        static func deleted(_ zxid: Zxid) -> Record {
            let stat = StatPersisted(
                czxid: .zero, mzxid: .zero, ctime: 0, mtime: 0, version: 0, cversion: 0,
                aversion: 0, ephemeralOwner: 0, pzxid: .zero)
            return Record(
                zxid: zxid, exists: false, stat: stat, childCount: 0, dataLength: 0,
                acl: .entries([]), content: 0)
        }
    }

    /// A list that the tree has, or one that comes with a proposal.
    enum AccessList {
        case tree(ACLID)
        case entries([ACLEntry])
    }

    private struct Change {
        let record: Record
        let hash: UInt64
        let path: PathQueue.Place
        /// The change of the same path before this one, to undo a multi that fails.
        let previous: Int?
    }

    /// In the order of the proposals; the first one has the number `firstNumber`.
    private var changes = Deque<Change>()
    private var firstNumber = 0
    private var paths = PathQueue()
    private var newest = NewestChange()
    private let hasher: PathHasher
    /// Of the same changes; goes along with them.
    var quotas = QuotaLedger()

    /// - Parameter seed: of the hashes of paths.
    init(seed: UInt64) { hasher = PathHasher(seed: seed) }

    var isEmpty: Bool { changes.isEmpty }

    func record(_ path: ByteView) -> Record? {
        guard !changes.isEmpty else { return nil }
        let slot = slot(of: path, hasher.hash(path))
        return newest[slot].map { changes[$0 - firstNumber].record }
    }

    mutating func set(_ path: ByteView, _ record: Record) {
        let hash = hasher.hash(path)
        let slot = slot(of: path, hash)
        changes.append(
            Change(record: record, hash: hash, path: paths.append(path), previous: newest[slot]))
        newest.set(slot, hash, firstNumber + changes.count - 1)
    }

    /// The tree has everything up to `zxid`.
    mutating func applied(_ zxid: Zxid) {
        quotas.applied(zxid)
        while let first = changes.first, first.record.zxid <= zxid {
            let slot = slot(of: paths[first.path], first.hash)
            if newest[slot] == firstNumber { newest.remove(slot) }
            changes.removeFirst()
            firstNumber += 1
            paths.removeFirst(first.path)
        }
    }

    /// Takes back every change made for `zxid`, the newest one.
    mutating func undo(_ zxid: Zxid) {
        quotas.undo(zxid)
        while let last = changes.last, last.record.zxid == zxid {
            let slot = slot(of: paths[last.path], last.hash)
            if let previous = last.previous, previous >= firstNumber {
                newest.set(slot, last.hash, previous)
            } else {
                newest.remove(slot)
            }
            changes.removeLast()
            paths.removeLast(last.path)
        }
    }

    /// Paths in flight and what they will be, in the order of the proposals.
    func forEachPath(_ body: (_ path: [UInt8], _ record: Record) -> Void) {
        for (index, change) in changes.enumerated() {
            let path = paths[change.path]
            if newest[slot(of: path, change.hash)] == firstNumber + index {
                body([UInt8](path), change.record)
            }
        }
    }

    @inline(__always)
    private func slot(of path: ByteView, _ hash: UInt64) -> Int {
        newest.slot(hash) { paths[changes[$0 - firstNumber].path].isEqual(to: path) }
    }
}
