import DataTree
import DequeModule
import ZKWire

/// What the proposals in flight add to the quotas that cover their paths: with it, hard limits hold
/// for pipelined requests too.
///
/// Invariant: a quota's sum is that of its entries, and is absent where that is nothing.
///
/// A quota that is itself in flight is not in force yet: what is proposed before the tree has it is
/// neither refused nor in its sum.
struct QuotaLedger {
    private struct Entry {
        let zxid: Zxid
        /// The path that the quota is on.
        let quota: [UInt8]
        let change: QuotaUse
    }

    private var entries = Deque<Entry>()
    private var sums: [[UInt8]: QuotaUse] = [:]

    func inFlight(_ quota: Quota) -> QuotaUse { sums[quota.path] ?? QuotaUse() }

    mutating func add(_ change: QuotaUse, to quota: Quota, _ zxid: Zxid) {
        entries.append(Entry(zxid: zxid, quota: quota.path, change: change))
        count(quota.path, change)
    }

    /// The tree has counted everything up to `zxid`.
    mutating func applied(_ zxid: Zxid) {
        while let first = entries.first, first.zxid <= zxid {
            entries.removeFirst()
            count(first.quota, -first.change)
        }
    }

    /// Takes back what was added for `zxid`, the newest one.
    mutating func undo(_ zxid: Zxid) {
        while let last = entries.last, last.zxid == zxid {
            entries.removeLast()
            count(last.quota, -last.change)
        }
    }

    private mutating func count(_ quota: [UInt8], _ change: QuotaUse) {
        let sum = sums[quota, default: QuotaUse()] + change
        sums[quota] = sum == QuotaUse() ? nil : sum
    }
}
