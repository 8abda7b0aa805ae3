import ZKWire

// The tree's digest, which is Apache's to the bit, so that servers of an ensemble can compare what
// they have after each transaction (Apache `NodeHashMapImpl`, `AdHash`).
//
// A change of a covered znode is framed by `digestWillChange` and `digestDidChange`. Where no
// digest is kept each is a branch that is never taken.
extension DataTree {
    /// Whether the digest is kept up with the changes.
    package var isDigestKept: Bool { digest.isKept }

    /// The sum over all znodes; nil where it is not kept.
    package var digestValue: Int64? {
        digest.isKept ? Int64(bitPattern: digest.value) : nil
    }

    /// As transactions carry it; nil where it is not kept.
    package var txnDigest: TxnDigest? {
        digestValue.map { TxnDigest(version: NodeDigest.version, treeDigest: $0) }
    }

    /// Computes the digest and keeps it from here on. As much work as there are znodes and data.
    package func keepDigest() {
        digest.clear()
        digest.isKept = true
        forEachWithPath { ref, path in digestAdded(ref, path) }
    }

    package func dropDigest() { digest.isKept = false }

    /// The digest computed anew, from nothing that is kept up: for tests and tools.
    package func computeDigest() -> Int64 {
        var sum: UInt64 = 0
        forEachWithPath { ref, path in
            guard NodeDigest.covers(path) else { return }
            let content = digest.node.content(path: path, data: data(of: ref))
            sum &+= UInt64(digest.node.value(content: content, persistedStat(of: ref)))
        }
        return Int64(bitPattern: sum)
    }

    /// The checksum's state after path and data, with which `NodeDigest` goes on; 0 where no digest
    /// is kept.
    @inline(__always)
    package func digestContent(of ref: NodeRef) -> UInt32 {
        digest.isKept ? digest.content(of: ref) : 0
    }

    // MARK: Changes

    /// A znode that was not there before.
    @inline(__always)
    func digestAdded(_ ref: NodeRef, _ path: ByteView) {
        guard digest.isKept else { return }
        noteContent(ref, path)
        digestDidChange(ref, path)
    }

    @inline(__always)
    func digestWillChange(_ ref: NodeRef, _ path: ByteView) {
        guard digest.isKept, NodeDigest.covers(path) else { return }
        digest.subtract(digestValue(of: ref))
    }

    /// The znode's stat has changed and, if `hasNewData`, its data.
    @inline(__always)
    func digestDidChange(_ ref: NodeRef, _ path: ByteView, hasNewData: Bool = false) {
        guard digest.isKept, NodeDigest.covers(path) else { return }
        if hasNewData { noteContent(ref, path) }
        digest.add(digestValue(of: ref))
    }

    private func noteContent(_ ref: NodeRef, _ path: ByteView) {
        digest.setContent(
            of: ref, digest.node.content(path: path, data: store.block(ref).data))
    }

    private func digestValue(of ref: NodeRef) -> UInt32 {
        digest.node.value(content: digest.content(of: ref), persistedStat(of: ref))
    }

    private func forEachWithPath(_ body: (NodeRef, ByteView) -> Void) {
        let path = ByteWriter(capacity: 256)
        forEachInSubtree(of: .root) { ref in
            path.removeAll()
            appendPath(of: ref, length: pathLength(of: ref), into: path)
            body(ref, path.view)
        }
    }
}
