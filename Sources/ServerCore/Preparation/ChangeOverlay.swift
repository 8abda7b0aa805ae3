import DataTree
import DequeModule
import ZKWire

/// What the tree will be once everything in flight has been applied: requests are validated against
/// this, so that they may be pipelined (the paper, section 4.1: "future state").
///
/// Invariants:
///  1. An entry is the state of its path after the last proposal in flight that touches the path.
///  2. When a zxid is applied, entries that it was the last to change go, since the tree now has
///     them.
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
        let zxid: Zxid
        let path: [UInt8]
        /// What the path's entry was before, to undo a multi that fails.
        let previous: Record?
    }

    private var records: [[UInt8]: Record] = [:]
    private var changes = Deque<Change>()
    /// Of the same changes; goes along with them.
    var quotas = QuotaLedger()

    var isEmpty: Bool { records.isEmpty }

    func record(_ path: ByteView) -> Record? {
        records.isEmpty ? nil : records[[UInt8](path)]
    }

    mutating func set(_ path: ByteView, _ record: Record) {
        let key = [UInt8](path)
        let previous = records.updateValue(record, forKey: key)
        changes.append(Change(zxid: record.zxid, path: key, previous: previous))
    }

    /// The tree has everything up to `zxid`.
    mutating func applied(_ zxid: Zxid) {
        quotas.applied(zxid)
        while let first = changes.first, first.zxid <= zxid {
            changes.removeFirst()
            if let record = records[first.path], record.zxid == first.zxid {
                records[first.path] = nil
            }
        }
    }

    /// Takes back every change made for `zxid`, the newest one.
    mutating func undo(_ zxid: Zxid) {
        quotas.undo(zxid)
        while let last = changes.last, last.zxid == zxid {
            changes.removeLast()
            // A previous state whose own zxid was applied meanwhile cannot be: nothing is applied
            // between a multi's first part and its failure.
            records[last.path] = last.previous
        }
    }

    /// Paths in flight that `owner` will own (true) or that will be gone (false).
    func forEachPath(_ body: (_ path: [UInt8], _ record: Record) -> Void) {
        // In the order of the proposals, so that nothing depends on a dictionary's order.
        for change in changes {
            if let record = records[change.path], record.zxid == change.zxid {
                body(change.path, record)
            }
        }
    }
}
