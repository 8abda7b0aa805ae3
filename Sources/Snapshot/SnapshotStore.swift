// A directory of snapshots: what is there, which of it is good, what may go.
import Storage
import ZKWire

/// The snapshots of one data directory. Used off the core loop, by one thread at a time.
package struct SnapshotStore<D: Disk>: Sendable {
    package let disk: D
    package let directory: String
    package let reader: SnapshotReader<D>
    /// Files that this process has read and found good, so that a purge need not read them again.
    private var verified: [SnapshotName: SnapshotDescription] = [:]

    package init(_ disk: D, directory: String, limits: SnapshotLimits = SnapshotLimits()) {
        self.disk = disk
        self.directory = directory
        reader = SnapshotReader(disk, directory: directory, limits: limits)
    }

    /// All files that have a snapshot's name, newest first.
    package func list() throws(SnapshotError) -> [SnapshotName] {
        try listNames().compactMap { SnapshotName(fileName: $0) }.sorted { left, right in
            left.zxid == right.zxid
                ? left.encoding.rawValue > right.encoding.rawValue : left.zxid > right.zxid
        }
    }

    /// Removes what crashes in the middle of writing have left, and returns the names. To be called
    /// before the first writer.
    package func removeStaleTemporaries() throws(SnapshotError) -> [String] {
        let stale = try listNames().filter { SnapshotName.isTemporary($0) }
        try onDisk { () throws(DiskError) in
            for name in stale { try disk.remove(directory + "/" + name) }
            if !stale.isEmpty { try disk.syncDirectory(directory) }
        }
        return stale
    }

    /// Begins a new snapshot.
    package func begin(
        startZxid: Zxid, origin: SnapshotOrigin
    ) throws(SnapshotError) -> SnapshotWriter<D> {
        try SnapshotWriter(disk, directory: directory, startZxid: startZxid, origin: origin)
    }

    /// Reads the whole file and checks all of it, unless this process has done so before.
    package mutating func verify(
        _ name: SnapshotName
    ) throws(SnapshotError) -> SnapshotDescription {
        if let known = verified[name] { return known }
        let description = try reader.verify(name)
        verified[name] = description
        return description
    }

    /// Takes note of a file that was loaded in full and found good.
    package mutating func noteVerified(_ description: SnapshotDescription) {
        verified[description.name] = description
    }

    /// A file was removed or replaced.
    mutating func forget(_ name: SnapshotName) { verified[name] = nil }

    func onDisk<T>(_ body: () throws(DiskError) -> T) throws(SnapshotError) -> T {
        do throws(DiskError) {
            return try body()
        } catch {
            throw .disk(error)
        }
    }

    private func listNames() throws(SnapshotError) -> [String] {
        try onDisk { () throws(DiskError) in try disk.list(directory) }
    }
}
