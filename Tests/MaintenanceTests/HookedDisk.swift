import Storage

/// A simulated disk on which something else happens between two operations: a server goes on while
/// its directory is copied. For one thread.
// SAFETY: `@unchecked`: a test uses it on one thread.
final class HookedDisk: Disk, @unchecked Sendable {
    let base: SimulatedDisk
    /// Called before each opening, listing and creating.
    var hook: () throws -> Void = {}
    private var isInHook = false

    init(_ base: SimulatedDisk) { self.base = base }

    private func happen() {
        guard !isInHook else { return }
        isInHook = true
        defer { isInHook = false }
        do { try hook() } catch { preconditionFailure("the hook threw \(error)") }
    }

    func create(_ path: String) throws(DiskError) -> SimulatedFile {
        happen()
        return try base.create(path)
    }
    func open(_ path: String) throws(DiskError) -> SimulatedFile { try base.open(path) }
    func openForReading(_ path: String) throws(DiskError) -> SimulatedFile {
        happen()
        return try base.openForReading(path)
    }
    func list(_ directory: String) throws(DiskError) -> [String] {
        happen()
        return try base.list(directory)
    }
    func exists(_ path: String) -> Bool { base.exists(path) }
    func createDirectory(_ path: String) throws(DiskError) { try base.createDirectory(path) }
    func rename(_ path: String, to newPath: String) throws(DiskError) {
        try base.rename(path, to: newPath)
    }
    func remove(_ path: String) throws(DiskError) { try base.remove(path) }
    func removeDirectory(_ path: String) throws(DiskError) { try base.removeDirectory(path) }
    func syncDirectory(_ directory: String) throws(DiskError) { try base.syncDirectory(directory) }
    func lock(_ path: String) throws(DiskError) -> any DiskLock { try base.lock(path) }
    func freeSpaceBytes(_ path: String) throws(DiskError) -> Int64 { try base.freeSpaceBytes(path) }
}
