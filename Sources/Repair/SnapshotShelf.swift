import Recovery
import Snapshot
import Storage
import ZKWire

/// The snapshots of one history in a directory, each read in full.
struct SnapshotShelf {
    /// Newest first.
    private(set) var good: [SnapshotOffer] = []
    /// The greatest end zxid of any footer: the log had reached it.
    private(set) var reach = Zxid.zero
    private(set) var faults: [String] = []

    /// - Parameter origin: nil if whose they are is not known; then they are of no use.
    init<D: Disk>(_ store: SnapshotStore<D>, _ origin: SnapshotOrigin?) {
        guard let origin, let names = try? store.list() else { return }
        for name in names where name.encoding == .lz4 {
            do throws(SnapshotError) {
                let footer = try store.reader.footer(of: name)
                guard footer.origin == origin else { continue }
                reach = max(reach, footer.endZxid)
                let found = try store.reader.verify(name)
                good.append(
                    SnapshotOffer(
                        start: name.zxid, end: footer.endZxid, sizeBytes: found.fileSize))
            } catch {
                faults.append("\(name.fileName): \(error)")
            }
        }
    }
}
