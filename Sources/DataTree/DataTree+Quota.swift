import ZKWire

// Quotas (Apache `Quotas`, `DataTree.updateQuotaStat`): a client sets limits for a subtree in
// /zookeeper/quota/<path>/zookeeper_limits, and the znode zookeeper_stats beside it follows,
// without transactions of its own, how many znodes and bytes are there.
//
// Differs from ZooKeeper: the counts are kept beside the tree and only written to the znode, so
// that a client that writes to zookeeper_stats changes its version but not the counts, and servers
// that loaded a snapshot at different times agree; and no quota is kept on the root or below
// /zookeeper, where the counts would count themselves.
extension DataTree {
    private static let limitsName = Array("zookeeper_limits".utf8)
    private static let statsName = Array("zookeeper_stats".utf8)
    private static let quotaPrefix = Array((SystemPath.quota + "/").utf8)
    private static let systemPrefix = Array((SystemPath.system + "/").utf8)

    /// A znode of a quota's own.
    private struct QuotaPlace {
        enum Role { case limits, stats }
        let role: Role
        /// What the quota is on.
        let path: ByteView
    }

    /// Whether a change at `path` may be one to a quota or be counted by one: next to nothing to
    /// find out while there are none.
    @inline(__always)
    func concernsQuota(_ path: ByteView) -> Bool {
        !quotas.isEmpty || DataTree.hasPrefix(path, DataTree.quotaPrefix)
    }

    @inline(__always)
    private static func hasPrefix(_ path: ByteView, _ prefix: [UInt8]) -> Bool {
        path.count > prefix.count && path[1] == prefix[1]
            && prefix.withByteView { path[view: 0..<prefix.count].isEqual(to: $0) }
    }

    private static func quotaPlace(_ path: ByteView) -> QuotaPlace? {
        guard hasPrefix(path, quotaPrefix), let place = place(of: path) else { return nil }
        let role: QuotaPlace.Role
        if limitsName.withByteView({ place.name.isEqual(to: $0) }) {
            role = .limits
        } else if statsName.withByteView({ place.name.isEqual(to: $0) }) {
            role = .stats
        } else {
            return nil
        }
        let target = place.parent[view: (quotaPrefix.count - 1)..<place.parent.count]
        let isSystem =
            hasPrefix(target, systemPrefix)
            || SystemPath.system.withByteView { target.isEqual(to: $0) }
        return target.isEmpty || isSystem ? nil : QuotaPlace(role: role, path: target)
    }

    func noteCreated(_ ref: NodeRef, path: ByteView) {
        if let place = DataTree.quotaPlace(path) {
            let quota = register(ref, place)
            if quota.isTracked { recount(quota) }
        } else if let quota = quotas.covering(path) {
            count(quota, znodes: 1, bytes: store.block(ref).dataLength)
        }
    }

    /// The znode is out of the tree and not yet freed.
    func noteDeleted(_ ref: NodeRef, path: ByteView) {
        if let place = DataTree.quotaPlace(path) {
            guard let quota = quotas.quota(at: place.path) else { return }
            if place.role == .limits { quota.limits = .none } else { quota.stats = .none }
            if quota.isGone { quotas.remove(quota) }
        } else if let quota = quotas.covering(path) {
            count(quota, znodes: -1, bytes: -store.block(ref).dataLength)
        }
    }

    func noteDataChanged(_ ref: NodeRef, path: ByteView, oldLength: Int) {
        if let place = DataTree.quotaPlace(path) {
            if place.role == .stats, let quota = quotas.quota(at: place.path), quota.isTracked {
                writeStats(quota)
            }
        } else if let quota = quotas.covering(path) {
            count(quota, znodes: 0, bytes: store.block(ref).dataLength - oldLength)
        }
    }

    private func register(_ ref: NodeRef, _ place: QuotaPlace) -> Quota {
        let quota = quotas.findOrAdd(place.path)
        if place.role == .limits { quota.limits = ref } else { quota.stats = ref }
        return quota
    }

    private func count(_ quota: Quota, znodes: Int64, bytes: Int) {
        guard quota.isTracked else { return }
        quota.count += znodes
        quota.bytes += Int64(bytes)
        writeStats(quota)
    }

    /// Counts the subtree anew: as much work as it has znodes.
    private func recount(_ quota: Quota) {
        quota.count = 0
        quota.bytes = 0
        if let top = quota.path.withByteView({ find($0) }) {
            forEachInSubtree(of: top) { ref in
                quota.count += 1
                quota.bytes += Int64(store.block(ref).dataLength)
            }
        }
        writeStats(quota)
    }

    private func writeStats(_ quota: Quota) {
        "count=\(quota.count),bytes=\(quota.bytes)".withByteView { setData(quota.stats, $0) }
    }

    /// Finds the quotas of a tree that was loaded and counts what they cover.
    package func recomputeQuotas() {
        quotas.removeAll()
        guard let top = SystemPath.quota.withByteView({ find($0) }) else { return }
        let path = ByteWriter(capacity: 128)
        var tracked: [Quota] = []
        forEachInSubtree(of: top) { ref in
            path.removeAll()
            self.path(of: ref, into: path)
            guard let place = DataTree.quotaPlace(path.view) else { return }
            let quota = register(ref, place)
            if quota.isTracked { tracked.append(quota) }
        }
        tracked.forEach(recount)
    }

    /// The quota that counts changes at `path`, if there is one.
    package func quota(covering path: ByteView) -> Quota? {
        guard !quotas.isEmpty, let quota = quotas.covering(path), quota.isTracked else {
            return nil
        }
        return quota
    }

    /// Whether a change stays within the quota that counts it (Apache
    /// `ZooKeeperServer.checkQuota`).
    /// - Parameter inFlight: what proposals change that the tree does not have yet. Apache leaves
    ///   it out, so that pipelined requests pass its hard limits.
    package func verdict(
        on quota: Quota, adding change: QuotaUse, inFlight: QuotaUse
    ) -> QuotaVerdict {
        let limits = QuotaLimits(store.block(quota.limits).data ?? ByteView(start: nil, count: 0))
        let count = quota.count + inFlight.znodes + change.znodes
        let bytes = quota.bytes + inFlight.bytes + change.bytes
        let verdicts = [
            change.znodes == 0
                ? .within
                : QuotaVerdict.of(count, soft: limits.count, hard: limits.countHardLimit),
            change.bytes == 0
                ? .within
                : QuotaVerdict.of(bytes, soft: limits.bytes, hard: limits.byteHardLimit),
        ]
        if verdicts.contains(.hardExceeded) { return .hardExceeded }
        return verdicts.contains(.softExceeded) ? .softExceeded : .within
    }
}
