import Resync
import ZKWire
import Zab

// A leader's snapshot comes by its feed, and the thread does nothing else until it has ended.
extension LogThread {
    /// It takes the place of all data.
    func install(
        _ feed: SnapshotFeed, _ link: LinkID, _ zxid: Zxid
    ) throws(ServerFailure) -> Report {
        try answer(link) { () throws(SyncError) in
            try storage.beginInstall(zxid: zxid)
            guard try hasWhole(feed) else { return nil }
            let tree = try storage.finishInstall()
            logger.info("took a snapshot as of \(zxid) from the leader, in the place of all data")
            return .installed(link, storage.end, storage.origin, LoadedState(tree: tree))
        }
    }

    /// It takes the place of the snapshots; the log stays.
    func replaceTree(
        _ feed: SnapshotFeed, _ link: LinkID, _ zxid: Zxid
    ) throws(ServerFailure) -> Report {
        try answer(link) { () throws(SyncError) in
            try storage.beginTree(zxid: zxid)
            guard try hasWhole(feed) else { return nil }
            let tree = try storage.finishTree()
            logger.notice("took a snapshot as of \(zxid) from the leader, in the place of the own ones")
            return .treeReplaced(link, storage.end, LoadedState(tree: tree))
        }
    }

    /// - Parameter body: nil: the connection broke off.
    private func answer(
        _ link: LinkID, _ body: () throws(SyncError) -> Report?
    ) throws(ServerFailure) -> Report {
        do throws(SyncError) {
            return try body() ?? .installFailed(link, reason: "the connection broke off")
        } catch {
            if case .badStream = error { return .installFailed(link, reason: error.description) }
            throw ServerFailure(error.exitCode, error.description)
        }
    }

    /// - Returns: false if the stream ended before the snapshot did.
    private func hasWhole(_ feed: SnapshotFeed) throws(SyncError) -> Bool {
        while let piece = feed.next() {
            guard let rest = try storage.takeInstall(piece) else { continue }
            feed.end(piece[(piece.count - rest)...])
            return true
        }
        storage.abandonInstall()
        return false
    }
}
