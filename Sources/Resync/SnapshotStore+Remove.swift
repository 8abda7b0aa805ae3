import Snapshot
import Storage

extension SnapshotStore {
    /// Newest first: at no moment does an older one reach further than a newer one that is gone.
    func remove(_ names: [SnapshotName]) throws(SyncError) {
        guard !names.isEmpty else { return }
        do throws(DiskError) {
            for name in names { try disk.remove(directory + "/" + name.fileName) }
            try disk.syncDirectory(directory)
        } catch {
            throw .snapshot(.disk(error))
        }
    }
}
