import Resync
import Snapshot
import TxnLog
import ZKWire
import Zab

// A leader's snapshot on its way in (`LogThread+Snapshots`).
extension LogTwin {
    /// The thread does nothing else until the stream has ended.
    func begin(
        _ link: LinkID, _ feed: FeedTwin, isTree: Bool, _ order: () throws(SyncError) -> Void
    ) {
        installation = (link, feed, isTree)
        do throws(SyncError) {
            try order()
        } catch {
            if case .badStream(let reason) = error {
                endInstall { .installFailed($0, reason: reason) }
                return next()
            }
            return life.storageFailed("\(error)")
        }
        isAwake = false
        feed.onInput = { [self] in wakeInstaller() }
        wakeInstaller()
    }

    func wakeInstaller() {
        guard let installation, !isAwake, installation.feed.hasInput else { return }
        perform(.installPiece)
    }

    func takePieces() throws(SyncError) {
        guard let feed = installation?.feed else { return }
        do throws(SyncError) {
            while let piece = feed.next() {
                guard let rest = try storage.takeInstall(piece) else { continue }
                feed.putBack(piece[(piece.count - rest)...])
                return try finishInstall()
            }
        } catch {
            guard case .badStream(let reason) = error else { throw error }
            return endInstall { .installFailed($0, reason: reason) }
        }
        if feed.isClosed {
            storage.abandonInstall()
            endInstall { .installFailed($0, reason: "the connection broke off") }
        }
    }

    private func finishInstall() throws(SyncError) {
        if installation?.isTree == true {
            let tree = try storage.finishTree()
            return endInstall { .treeReplaced($0, storage.end, tree) }
        }
        let disk = life.hardware.disk
        if life.defects.contains(.zookeeper2872) { disk.ignoredSyncs = Hardware.directory.snapshots }
        let tree = try storage.finishInstall()
        disk.ignoredSyncs = nil
        if storage.hasUnwritten, let installation { unwritten = (installation.link, []) }
        endInstall { .installed($0, storage.end, storage.origin, tree) }
    }

    /// ZOOKEEPER-3642: NEWLEADER makes what is in memory only this server's, if it is the same leader's.
    func endUnwritten() throws(SyncError) {
        guard let unwritten else { return }
        self.unwritten = nil
        let isSameLeader = surroundings.hasLink(unwritten.link)
        try storage.endUnwritten(isSameLeader ? unwritten.batches : nil)
        if isSameLeader { surroundings.use(storage.end, storage.origin) }
    }

    private func endInstall(_ outcome: (LinkID) -> LogReport) {
        guard let (link, feed, _) = installation else { return }
        feed.onInput = {}
        installation = nil
        report(outcome(link))
    }
}
