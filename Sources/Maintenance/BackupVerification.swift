// Whether a backup is what was copied: each file against the manifest, all of it against itself.

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// Checks a backup on whatever disk it is now. Reads only.
package struct BackupVerification<D: Disk> {
    private let disk: D
    private let directory: DataDirectory

    package init(_ disk: D, _ path: String) {
        self.disk = disk
        directory = DataDirectory(path)
    }

    package func run() throws(MaintenanceError) -> BackupManifest {
        let path = directory.data + "/" + BackupManifest.name
        guard disk.exists(path) else {
            throw .manifest(
                path: path, "it is not there: this is no backup, or one that is unfinished")
        }
        let text = try onDisk { () throws(DiskError) in try disk.readFile(path) }
        let manifest = try BackupManifest(
            parsing: String(decoding: text, as: UTF8.self), path: path)
        for entry in manifest.entries { try check(entry) }
        let meta = try DirectoryReader(disk, directory).meta()
        try verifyBackup(
            disk, directory, meta: meta, snapshots: try snapshots(manifest), end: manifest.zxid)
        return manifest
    }

    private func check(_ entry: BackupManifest.Entry) throws(MaintenanceError) {
        let path = directory.data + "/" + entry.path
        guard disk.exists(path) else { throw .badCopy(path: path, "it is missing") }
        let found = try onDisk { () throws(DiskError) in try disk.sum(of: path) }
        guard found.sizeBytes == entry.sizeBytes else {
            throw .badCopy(
                path: path,
                "it has \(found.sizeBytes) bytes, and was copied with \(entry.sizeBytes)")
        }
        guard found.checksum == entry.checksum else {
            throw .badCopy(
                path: path,
                "checksum mismatch: stored \(entry.checksum), computed \(found.checksum)")
        }
    }

    /// Newest first.
    private func snapshots(
        _ manifest: BackupManifest
    ) throws(MaintenanceError) -> [SnapshotDescription] {
        let names = manifest.entries.compactMap { SnapshotName(fileName: split($0.path).name) }
            .sorted { $0.zxid > $1.zxid }
        let reader = SnapshotReader(disk, directory: directory.snapshots)
        var found: [SnapshotDescription] = []
        for name in names {
            found.append(
                try onSnapshots { () throws(SnapshotError) in try reader.verify(name) })
        }
        return found
    }
}
