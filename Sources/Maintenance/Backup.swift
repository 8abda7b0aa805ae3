// A consistent copy of a data directory, also of one that a server is using. Its shape is a data
// directory's, so that every tool that reads one reads the copy:
//
//     OUT/zknode/snapshot/     the newest snapshots, each read in full after it was copied
//     OUT/zknode/log/          the log from the oldest of them to the end, and a watermark
//     OUT/zknode/meta-a, -b    as the server has them
//     OUT/MANIFEST             sizes and checksums; written last
//
// 1. Snapshots are listed before the watermark is read, so that the log reaches the end of each.
// 2. Of a live server's log everything up to the watermark is copied: that is durable.
// 3. Segments may be recycled under the copying. The copy is therefore read back, its chain from
//    the oldest snapshot's point to the end; if that fails and the server has gone on, it is made
//    again.
// 4. The source is not changed.

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

package struct BackupReport: Equatable, Sendable {
    package let manifest: BackupManifest
    package let snapshots: [SnapshotName]
    package let segmentCount: Int
    package let notes: [String]
    /// Whether a server was using the directory.
    package let isLive: Bool
}

package struct Backup<D: Disk> {
    let disk: D
    let source: DataDirectory
    let target: DataDirectory
    let maximumSnapshots: Int
    let progress: (String) -> Void

    /// - Parameters:
    ///   - target: the directory to make.
    ///   - maximumSnapshots: how many are copied at most, newest first.
    package init(
        _ disk: D, of source: DataDirectory, to target: String, maximumSnapshots: Int,
        progress: @escaping (String) -> Void = { _ in }
    ) {
        self.disk = disk
        self.source = source
        self.target = DataDirectory(target)
        self.maximumSnapshots = maximumSnapshots
        self.progress = progress
    }

    /// - Parameter now: milliseconds since 1970, for the manifest.
    package func run(now: Int64) throws(MaintenanceError) -> BackupReport {
        try checkIsEmpty(target.data, on: disk)
        let reader = DirectoryReader(disk, source)
        guard reader.hasOwn else {
            throw .notDataDirectory(path: source.data, expected: "zknode/meta-a")
        }
        let (lock, isLive) = try takeIfFree()
        defer { lock?.release() }
        try onDisk { () throws(DiskError) in
            for path in [target.data, target.own, target.snapshots, target.log] {
                try disk.makeDirectory(path)
            }
        }
        let copy = try reader.retrying(progress) { () throws(MaintenanceError) in
            try removeCopies()
            return try makeCopy(reader, isLive: isLive)
        }
        let manifest = BackupManifest(
            source: source.data, madeAt: now, meta: copy.meta, zxid: copy.end.zxid,
            entries: copy.entries + (try copyMeta(copy.meta)))
        try onDisk { () throws(DiskError) in
            try disk.writeFile(manifest.text, at: target.data + "/" + BackupManifest.name)
            try disk.syncDirectory(target.data)
        }
        return BackupReport(
            manifest: manifest, snapshots: copy.snapshots.map(\.name),
            segmentCount: copy.segmentCount, notes: copy.notes, isLive: isLive)
    }

    /// Takes the directory for the time of the copying unless a server has it: then none can start
    /// in between. A lock that cannot be opened for writing is somebody else's too.
    private func takeIfFree() throws(MaintenanceError) -> (lock: (any DiskLock)?, isLive: Bool) {
        let path = source.own + "/lock"
        guard disk.exists(path) else { return (nil, false) }
        do throws(DiskError) {
            return (try disk.lock(path), false)
        } catch {
            return (nil, true)
        }
    }

    /// Written anew rather than copied: a copy may catch a replacement half-way.
    private func copyMeta(_ meta: MetaRecord) throws(MaintenanceError) -> [BackupManifest.Entry] {
        try onMeta { () throws(MetaError) in
            var store = try MetaStore(disk: disk, directory: target.own, hasHistory: false)
            try store.write(meta)
        }
        return try onDisk { () throws(DiskError) in
            var entries: [BackupManifest.Entry] = []
            for name in ["meta-a", "meta-b"] {
                entries.append(
                    BackupManifest.Entry(
                        path: "zknode/" + name, sum: try disk.sum(of: target.own + "/" + name)))
            }
            return entries
        }
    }

    /// What a copying that is begun again had made.
    private func removeCopies() throws(MaintenanceError) {
        try onDisk { () throws(DiskError) in
            for directory in [target.snapshots, target.log] {
                for name in try disk.list(directory) { try disk.remove(directory + "/" + name) }
            }
        }
    }
}
