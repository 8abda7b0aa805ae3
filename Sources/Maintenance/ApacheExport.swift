// A data directory that Apache ZooKeeper starts from:
//
//     OUT/version-2/acceptedEpoch, currentEpoch     decimal text
//     OUT/version-2/snapshot.<zxid>                 Apache's stream, of the whole replayed tree
//
// The snapshot is of one zxid, not fuzzy, so that it needs no log. It gets its name last: before
// that, Apache finds no data there.

import DataTree
import Recovery
import Snapshot
import Storage
import ZKWire

package struct ExportReport: Equatable, Sendable {
    package let snapshot: String
    package let zxid: Zxid
    package let znodeCount: Int
    package let sessionCount: Int
    package let sizeBytes: Int64
    package let notes: [String]
}

package struct ApacheExport<D: Disk> {
    private let disk: D
    private let source: DataDirectory
    private let target: String
    private let seed: UInt64
    private let progress: (String) -> Void

    /// - Parameters:
    ///   - source: a data directory of ours, also one in use, or of Apache's.
    ///   - target: the directory to make, which Apache's `dataDir` is to name.
    package init(
        _ disk: D, from source: DataDirectory, to target: String, seed: UInt64,
        progress: @escaping (String) -> Void = { _ in }
    ) {
        self.disk = disk
        self.source = source
        self.target = target
        self.seed = seed
        self.progress = progress
    }

    package func run() throws(MaintenanceError) -> ExportReport {
        try checkIsEmpty(target, on: disk)
        let loaded = try DirectoryReader(disk, source).load(seed: seed, progress: progress)
        let tree = loaded.tree
        let zxid = tree.lastProcessedZxid
        let name = SnapshotName(zxid: zxid, encoding: .plain)
        progress("writing \(directory)/\(name.fileName)")
        let size = try onDisk { () throws(DiskError) in
            try disk.makeDirectory(target)
            try disk.makeDirectory(directory)
            let current = max(loaded.currentEpoch, zxid.epoch)
            try disk.writeFile(
                "\(max(loaded.acceptedEpoch, current))\n", at: directory + "/acceptedEpoch")
            try disk.writeFile("\(current)\n", at: directory + "/currentEpoch")
            return try write(tree, as: name)
        }
        try verify(name, tree)
        return ExportReport(
            snapshot: directory + "/" + name.fileName, zxid: zxid, znodeCount: tree.nodeCount - 1,
            sessionCount: tree.sessions.count, sizeBytes: size, notes: loaded.notes)
    }

    private var directory: String { target + "/version-2" }

    /// The stream and its seal: Adler-32 of everything before, and "/".
    private func write(_ tree: DataTree, as name: SnapshotName) throws(DiskError) -> Int64 {
        // No name that Apache's search for snapshots would take.
        let temporary = directory + "/exporting"
        let file = try disk.create(temporary)
        defer { file.close() }
        let slice = ByteWriter(capacity: 512 * 1024)
        var checksum = Adler32()
        var size: Int64 = 0
        let walk = tree.beginWalk(into: slice)
        defer { walk.end() }
        var hasMore = true
        while hasMore {
            hasMore = walk.next(maximumBytes: 256 * 1024, into: slice)
            checksum.update(slice.view)
            if !hasMore {
                slice.writeInt64(Int64(checksum.value))
                slice.writeString("/")
            }
            try file.write(slice.view, at: size)
            size += Int64(slice.count)
            slice.removeAll()
        }
        try file.sync()
        try disk.rename(temporary, to: directory + "/" + name.fileName)
        try disk.syncDirectory(directory)
        return size
    }

    private func verify(_ name: SnapshotName, _ tree: DataTree) throws(MaintenanceError) {
        let read = try onSnapshots { () throws(SnapshotError) in
            try SnapshotReader(disk, directory: directory).verify(name)
        }
        // The root counts once here.
        guard read.content.znodeCount == UInt64(tree.nodeCount - 1) else {
            throw .badCopy(
                path: directory + "/" + name.fileName,
                "it has \(read.content.znodeCount) znodes, and the tree \(tree.nodeCount - 1)")
        }
    }
}

/// Refuses a target that has anything in it.
func checkIsEmpty<D: Disk>(_ path: String, on disk: D) throws(MaintenanceError) {
    guard disk.exists(path) else { return }
    guard try onDisk({ () throws(DiskError) in try disk.list(path) }).isEmpty else {
        throw .notEmpty(path: path)
    }
}
