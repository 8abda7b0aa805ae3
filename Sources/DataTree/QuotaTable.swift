import ZKWire

/// What a quota allows, as its `zookeeper_limits` znode has it; -1 where there is no limit (Apache
/// `StatsTrack`): `count=10,bytes=1000=;byteHardLimit=2000;countHardLimit=20`.
package struct QuotaLimits: Equatable, Sendable {
    package var count: Int64 = -1
    package var bytes: Int64 = -1
    package var countHardLimit: Int64 = -1
    package var byteHardLimit: Int64 = -1

    package init(_ data: ByteView) {
        for pair in data.split(whereSeparator: {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";")
        }) {
            // More than one "=" is how newer limits hide from old parsers.
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 2)
            guard parts.count >= 2, let value = Int64(String(decoding: parts[1], as: UTF8.self))
            else { continue }
            switch String(decoding: parts[0], as: UTF8.self) {
            case "count": count = value
            case "bytes": bytes = value
            case "countHardLimit": countHardLimit = value
            case "byteHardLimit": byteHardLimit = value
            default: break
            }
        }
    }
}

package enum QuotaVerdict: Equatable, Sendable {
    case within
    /// Worth a warning.
    case softExceeded
    /// To be refused, where quotas are enforced.
    case hardExceeded

    /// Of one quantity: the hard limit counts where there is one (Apache
    /// `ZooKeeperServer.checkQuota`).
    static func of(_ value: Int64, soft: Int64, hard: Int64) -> QuotaVerdict {
        if hard > -1 { return value > hard ? .hardExceeded : .within }
        return soft > -1 && value > soft ? .softExceeded : .within
    }
}

/// What a change adds to what a quota counts.
package struct QuotaUse: Equatable, Sendable {
    package var znodes: Int64
    /// Of the znodes' data.
    package var bytes: Int64

    package init(znodes: Int64 = 0, bytes: Int64 = 0) {
        self.znodes = znodes
        self.bytes = bytes
    }

    package static func + (left: QuotaUse, right: QuotaUse) -> QuotaUse {
        QuotaUse(znodes: left.znodes + right.znodes, bytes: left.bytes + right.bytes)
    }

    package static prefix func - (use: QuotaUse) -> QuotaUse {
        QuotaUse(znodes: -use.znodes, bytes: -use.bytes)
    }
}

/// A quota on a subtree: the two znodes below `/zookeeper/quota/<path>` and what they count.
package final class Quota {
    package let path: [UInt8]
    /// The znode with the limits; the quota holds while it is there.
    var limits = NodeRef.none
    /// The znode whose data follows the counts.
    var stats = NodeRef.none
    /// Znodes at and below the path.
    var count: Int64 = 0
    /// Their data.
    var bytes: Int64 = 0

    init(path: [UInt8]) { self.path = path }

    /// Apache counts only where both znodes are there.
    var isTracked: Bool { !limits.isNone && !stats.isNone }
    var isGone: Bool { limits.isNone && stats.isNone }
}

/// The quotas, by path.
struct QuotaTable {
    private let hasher: PathHasher
    private var byHash: [UInt64: [Quota]] = [:]
    private(set) var isEmpty = true

    init(hasher: PathHasher) { self.hasher = hasher }

    func quota(at path: ByteView) -> Quota? {
        byHash[hasher.hash(path)]?.first { $0.path.withByteView { $0.isEqual(to: path) } }
    }

    mutating func findOrAdd(_ path: ByteView) -> Quota {
        if let known = quota(at: path) { return known }
        let quota = Quota(path: [UInt8](path))
        byHash[hasher.hash(path), default: []].append(quota)
        isEmpty = false
        return quota
    }

    mutating func remove(_ quota: Quota) {
        let hash = quota.path.withByteView { hasher.hash($0) }
        let others = (byHash[hash] ?? []).filter { $0 !== quota }
        byHash[hash] = others.isEmpty ? nil : others
        isEmpty = byHash.isEmpty
    }

    mutating func removeAll() {
        byHash = [:]
        isEmpty = true
    }

    /// The quota that holds for `path`: that of the longest path, `path` included, with limits.
    func covering(_ path: ByteView) -> Quota? {
        var end = path.count
        while end > 1 {
            if let quota = quota(at: path[view: 0..<end]), !quota.limits.isNone { return quota }
            end -= 1
            while end > 0, path[end] != UInt8(ascii: "/") { end -= 1 }
        }
        return nil
    }
}
