// TRUNC: what no quorum has goes, from the snapshots first and then from the log (rule D6).

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// Cuts a server's history. On the log's thread.
package struct Truncation<D: Disk> {
    private let log: TxnLog<D>
    private let store: SnapshotStore<D>
    private let origin: SnapshotOrigin

    package init(log: TxnLog<D>, store: SnapshotStore<D>, origin: SnapshotOrigin) {
        self.log = log
        self.store = store
        self.origin = origin
    }

    /// Durable when it returns: `zxid` is the last transaction of the log and of every snapshot.
    /// - Throws: `nothingBefore`, with nothing changed, if no state could be loaded afterwards.
    package func run(to zxid: Zxid) throws(SyncError) {
        let own = try ownSnapshots()
        let reaching = own.filter { $0.endZxid > zxid }
        let isLoadable =
            log.startsAfter == .zero
            || own.contains { $0.endZxid <= zxid && $0.startZxid >= log.startsAfter }
        guard isLoadable else { throw .nothingBefore(zxid) }
        try store.remove(reaching.map { SnapshotName(zxid: $0.startZxid) })
        do throws(TxnLogError) {
            try log.truncate(to: zxid)
        } catch {
            throw .log(error)
        }
    }

    /// What the snapshots of the present history say of themselves.
    private func ownSnapshots() throws(SyncError) -> [SnapshotFooter] {
        do throws(SnapshotError) {
            return try store.list().filter { $0.encoding == .lz4 }
                .compactMap { try? store.reader.footer(of: $0) }
                .filter { $0.origin == origin }
        } catch {
            throw .snapshot(error)
        }
    }
}
