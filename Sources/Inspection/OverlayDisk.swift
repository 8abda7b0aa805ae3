// A disk that can be written to and keeps every change in memory: the files below are opened for
// reading only. Recovery itself runs on it, and so a tool sees exactly what a start would make of a
// directory, without changing a byte of it and beside a server that is running.
//
// 1. The disk below gets `openForReading`, `list` and `exists`, nothing else.
// 2. No lock is taken: it would not keep anybody out, and a running server has it.
import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Belongs to one thread.
// SAFETY: `@unchecked`: a tool makes one, uses it on one thread and drops it.
package final class OverlayDisk<Base: Disk>: Disk, @unchecked Sendable {
    private let base: Base
    /// Files that were made or may have been changed.
    private var files: [String: OverlayFile<Base.File>] = [:]
    private var removed: Set<String> = []
    private var directories: Set<String> = []

    package init(_ base: Base) { self.base = base }

    package func create(_ path: String) throws(DiskError) -> OverlayFile<Base.File> {
        if let file = try find(path) { return file }
        let file = OverlayFile<Base.File>(path: path)
        keep(file, at: path)
        return file
    }

    package func open(_ path: String) throws(DiskError) -> OverlayFile<Base.File> {
        guard let file = try find(path) else { throw DiskError("open", path, code: ENOENT) }
        return file
    }

    package func openForReading(_ path: String) throws(DiskError) -> OverlayFile<Base.File> {
        if let file = files[path] { return file }
        if removed.contains(path) { throw DiskError("open", path, code: ENOENT) }
        return try OverlayFile(over: base.openForReading(path), path: path)
    }

    package func list(_ directory: String) throws(DiskError) -> [String] {
        var names: Set<String> = []
        if !directories.contains(directory) || base.exists(directory) {
            names.formUnion(try base.list(directory))
        }
        let prefix = directory + "/"
        for path in files.keys where path.hasPrefix(prefix) {
            let name = path.dropFirst(prefix.count)
            if !name.contains("/") { names.insert(String(name)) }
        }
        for path in removed where path.hasPrefix(prefix) {
            names.remove(String(path.dropFirst(prefix.count)))
        }
        return names.sorted()
    }

    package func exists(_ path: String) -> Bool {
        if files[path] != nil || directories.contains(path) { return true }
        return !removed.contains(path) && base.exists(path)
    }

    package func createDirectory(_ path: String) throws(DiskError) { directories.insert(path) }

    package func rename(_ path: String, to newPath: String) throws(DiskError) {
        let file = try open(path)
        files[path] = nil
        removed.insert(path)
        keep(file, at: newPath)
    }

    package func remove(_ path: String) throws(DiskError) {
        files[path] = nil
        removed.insert(path)
    }

    package func syncDirectory(_ directory: String) {}
    package func lock(_ path: String) -> any DiskLock { NoLock() }
    package func freeSpaceBytes(_ path: String) -> Int64 { .max }

    /// The file to be changed, which every later opening shows.
    private func find(_ path: String) throws(DiskError) -> OverlayFile<Base.File>? {
        if let file = files[path] { return file }
        guard !removed.contains(path), base.exists(path) else { return nil }
        let file = try OverlayFile(over: base.openForReading(path), path: path)
        keep(file, at: path)
        return file
    }

    private func keep(_ file: OverlayFile<Base.File>, at path: String) {
        files[path] = file
        removed.remove(path)
    }
}

private final class NoLock: DiskLock {
    func release() {}
}
