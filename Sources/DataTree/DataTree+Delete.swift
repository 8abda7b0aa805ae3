import ZKWire

extension DataTree {
    func applyDelete<O: TreeObserver>(
        _ path: ByteView, type: Int32, _ context: TxnContext, _ observer: inout O
    ) {
        let error = delete(path, context, owner: nil, &observer)
        observer.applied(type: type, path: path, stat: nil, error: error.rawValue)
    }

    /// Deletes the znode at `path`. The parent learns of it even where the znode is gone already:
    /// the walk of a fuzzy snapshot may have come by the parent before the deletion and by the
    /// children after it.
    /// - Parameter owner: if given, whose ephemeral the znode has to be.
    private func delete<O: TreeObserver>(
        _ path: ByteView, _ context: TxnContext, owner: SessionID?, _ observer: inout O
    ) -> ErrorCode {
        guard let place = DataTree.place(of: path),
            let parent = find(place.parent, asOf: context.zxid)
        else { return .noNode }
        raisePzxid(of: parent, place.parent, to: context.zxid)
        guard let ref = find(path, asOf: context.zxid) else { return .noNode }
        if let owner, store.block(ref).ephemeralOwner != owner.rawValue { return .noNode }
        if store.block(ref).childCount > 0 {
            guard hasOnlyLaterDescendants(ref, zxid: context.zxid) else { return .notEmpty }
            removeDescendants(of: ref, &observer)
        }
        remove(ref, path: path, below: parent, &observer)
        return .ok
    }

    private func raisePzxid(of parent: NodeRef, _ path: ByteView, to zxid: Zxid) {
        guard store.block(parent).pzxid < zxid else { return }
        digestWillChange(parent, path)
        store.extendedBlock(parent).extended.pointee.pzxid = zxid
        digestDidChange(parent, path)
    }

    private func hasOnlyLaterDescendants(_ top: NodeRef, zxid: Zxid) -> Bool {
        var isLater = true
        forEachInSubtree(of: top) { ref in
            if ref != top, store.block(ref).header.pointee.czxid < zxid { isLater = false }
        }
        return isLater
    }

    private func removeDescendants<O: TreeObserver>(of top: NodeRef, _ observer: inout O) {
        var ref = top
        while ref != top || store.block(top).childCount > 0 {
            let child = store.block(ref).firstChild
            if !child.isNone {
                ref = child
                continue
            }
            let parent = store.block(ref).header.pointee.parent
            removeByOwnPath(ref, &observer)
            ref = parent
        }
    }

    /// Removes a znode whose path nobody spelled out.
    func removeByOwnPath<O: TreeObserver>(_ ref: NodeRef, _ observer: inout O) {
        pathScratch.removeAll()
        path(of: ref, into: pathScratch)
        remove(
            ref, path: pathScratch.view, below: store.block(ref).header.pointee.parent, &observer)
    }

    private func remove<O: TreeObserver>(
        _ ref: NodeRef, path: ByteView, below parent: NodeRef, _ observer: inout O
    ) {
        digestWillChange(ref, path)
        detach(ref, pathLength: path.count)
        if concernsQuota(path) { noteDeleted(ref, path: path) }
        observer.nodeDeleted(
            path: path, acl: store.block(ref).header.pointee.acl,
            parentACL: store.block(parent).header.pointee.acl)
        free(ref)
    }
}

extension DataTree {
    /// Deletes a session and its ephemerals: those that the transaction names and then, if there
    /// are any, the ones it does not (all of them, in logs from before it named any).
    func closeSession<O: TreeObserver>(
        _ paths: StringVector?, _ context: TxnContext, _ observer: inout O
    ) {
        if let paths {
            var reader = JuteReader(paths.elements)
            for _ in 0..<paths.count {
                // The elements were parsed when the transaction was decoded.
                guard let path = try? reader.readBuffer() else { break }
                _ = delete(path, context, owner: context.session, &observer)
            }
        }
        while let list = ephemerals[context.session] {
            let ref = list.first
            let parent = store.block(ref).header.pointee.parent
            pathScratch.removeAll()
            path(of: parent, into: pathScratch)
            raisePzxid(of: parent, pathScratch.view, to: context.zxid)
            // Clients cannot give an ephemeral children; what a bad snapshot may hold goes with it.
            removeDescendants(of: ref, &observer)
            removeByOwnPath(ref, &observer)
        }
        sessions.remove(context.session)
    }
}
