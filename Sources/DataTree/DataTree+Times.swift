extension DataTree {
    /// The latest ctime or mtime of any znode, in milliseconds since 1970; 0 if the tree has only
    /// the server's own. No transaction that shows in the tree is later.
    package var newestChangeTime: Int64 {
        var newest: Int64 = 0
        forEachInSubtree(of: .root) { ref in
            let header = store.block(ref).header.pointee
            newest = max(newest, header.ctime, header.mtime)
        }
        return newest
    }
}
