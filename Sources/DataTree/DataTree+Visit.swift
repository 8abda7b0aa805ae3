import ZKWire

// For tools: every znode in an order that people expect.
extension DataTree {
    /// Calls `body` with each znode, parents first, siblings in the order of their names' bytes.
    /// The root's path is "/".
    package func forEachNode(_ body: (NodeRef, ByteView) throws -> Void) rethrows {
        let path = ByteWriter(capacity: 256)
        var pending = [NodeRef.root]
        while let ref = pending.popLast() {
            path.removeAll()
            self.path(of: ref, into: path)
            try body(ref, path.view)
            let start = pending.count
            var child = store.block(ref).firstChild
            while !child.isNone {
                pending.append(child)
                child = store.block(child).header.pointee.nextSibling
            }
            // The first is taken next, so it goes to the end.
            pending[start...].sort { isBefore(name(of: $1), name(of: $0)) }
        }
    }

    private func isBefore(_ left: ByteView, _ right: ByteView) -> Bool {
        left.lexicographicallyPrecedes(right)
    }
}
