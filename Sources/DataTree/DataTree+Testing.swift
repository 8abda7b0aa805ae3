import ZKWire

// For tests: everything that a tree holds, as text, so that trees can be compared and a difference
// can be read.
extension DataTree {
    /// One line for each znode, in the order of the paths, with every field and the content of its
    /// data and access control list; then the sessions, their ephemerals and the totals.
    package func dump() -> [String] {
        var lines: [String] = []
        let path = ByteWriter()
        forEachInSubtree(of: .root) { ref in
            path.removeAll()
            self.path(of: ref, into: path)
            lines.append(describe(ref, path: path.view.text))
        }
        lines.sort()
        for session in sessions.all.sorted(by: { $0.id < $1.id }) {
            lines.append("session \(session.id) \(session.timeoutMilliseconds)")
        }
        for session in sessionsWithEphemerals {
            var paths: [String] = []
            forEachEphemeral(of: session) { paths.append($0.text) }
            lines.append("ephemerals of \(session): \(paths.sorted())")
        }
        lines.append("znodes \(nodeCount) ephemerals \(ephemeralsCount)")
        lines.append("containers \(containers.count) ttls \(ttls.count)")
        lines.append("bytes \(approximateDataSize) zxid \(lastProcessedZxid)")
        return lines
    }

    private func describe(_ ref: NodeRef, path: String) -> String {
        let stat = persistedStat(of: ref)
        let data = data(of: ref).map { "\($0.count):\(PathHasher(seed: 0).hash($0))" } ?? "null"
        let acl = entries(of: acl(of: ref)).map {
            "\($0.identity.scheme):\($0.identity.id):\($0.permissions.rawValue)"
        }
        return "\(path) c=\(stat.czxid)@\(stat.ctime) m=\(stat.mzxid)@\(stat.mtime) "
            + "p=\(stat.pzxid) v=\(stat.version) cv=\(stat.cversion) av=\(stat.aversion) "
            + "owner=\(stat.ephemeralOwner) children=\(childCount(of: ref)) data=\(data) acl=\(acl)"
    }

    /// Traps unless the tree's invariants hold.
    package func checkInvariants() {
        var uses: [ACLID: Int] = [:]
        var znodes = 0
        var bytes = 1
        let path = ByteWriter()
        forEachInSubtree(of: .root) { ref in
            znodes += 1
            uses[acl(of: ref), default: 0] += 1
            path.removeAll()
            appendPath(of: ref, length: pathLength(of: ref), into: path)
            bytes += path.count + store.block(ref).dataLength
            precondition(find(path.view) == ref, "\(path.view.text) is not found")
            checkChildren(of: ref)
        }
        precondition(znodes == store.liveCount, "\(znodes) znodes, \(store.liveCount) counted")
        precondition(bytes == approximateDataSize, "\(bytes) bytes, \(approximateDataSize) counted")
        if let digestValue {
            let computed = computeDigest()
            precondition(digestValue == computed, "digest \(digestValue), \(computed) computed")
        }
        for (id, count) in uses {
            precondition(acls[id].uses == count, "\(id): \(acls[id].uses) uses, \(count) znodes")
        }
        let owned = ephemerals.values.reduce(0) { $0 + $1.count }
        precondition(owned == ephemeralsCount, "\(owned) ephemerals, \(ephemeralsCount) counted")
    }

    private func checkChildren(of ref: NodeRef) {
        var previous = NodeRef.none
        var child = store.block(ref).firstChild
        var count = 0
        while !child.isNone {
            let header = store.block(child).header.pointee
            precondition(header.parent == ref && header.previousSibling == previous)
            previous = child
            child = header.nextSibling
            count += 1
        }
        precondition(count == childCount(of: ref), "\(ref): \(count) children")
    }
}
