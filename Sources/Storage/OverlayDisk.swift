// A disk that shows another one and writes nothing to it: changes stay in memory and are seen by
// whoever reads through it. With it a tool runs the recovery that a server runs, cuts and repairs
// included, on a directory that must not change: a backup, or one that a server is using.
//
//  1. No operation of it changes the base, not even the access to a lock.
//  2. A file has the size that it had when it was first opened; what is appended to the base
//     afterwards is not seen.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A view of `Base` with changes of its own. One thread uses it at a time.
// SAFETY: `@unchecked`: see above; the base is Sendable itself.
package final class OverlayDisk<Base: Disk>: Disk, @unchecked Sendable {
    private enum Change {
        case file(OverlayFile<Base.File>)
        case directory
        case removed
    }

    private let base: Base
    /// By path: everything that is not as the base has it.
    private var changes: [String: Change] = [:]

    package init(_ base: Base) { self.base = base }

    package func create(_ path: String) throws(DiskError) -> OverlayFile<Base.File> {
        if exists(path) { return try open(path) }
        let file = OverlayFile<Base.File>(nil, sizeBytes: 0)
        changes[path] = .file(file)
        return file
    }

    package func open(_ path: String) throws(DiskError) -> OverlayFile<Base.File> {
        let file = try openForReading(path)
        changes[path] = .file(file)
        return file
    }

    package func openForReading(_ path: String) throws(DiskError) -> OverlayFile<Base.File> {
        switch changes[path] {
        case .file(let file): return file
        case .removed, .directory: throw DiskError("open", path, code: ENOENT)
        case nil:
            let file = try base.openForReading(path)
            return OverlayFile(file, sizeBytes: try file.sizeBytes())
        }
    }

    package func list(_ directory: String) throws(DiskError) -> [String] {
        var names: Set<String> = []
        if base.exists(directory) {
            names = Set(try base.list(directory))
        } else if !exists(directory) {
            throw DiskError("list", directory, code: ENOENT)
        }
        for (path, change) in changes where parentDirectory(of: path) == directory {
            let name = String(path.dropFirst(directory.count + 1))
            if case .removed = change { names.remove(name) } else { names.insert(name) }
        }
        return names.sorted()
    }

    package func exists(_ path: String) -> Bool {
        switch changes[path] {
        case .file, .directory: true
        case .removed: false
        case nil: base.exists(path)
        }
    }

    package func createDirectory(_ path: String) throws(DiskError) {
        if exists(path) { throw DiskError("create directory", path, code: EEXIST) }
        changes[path] = .directory
    }

    package func rename(_ path: String, to newPath: String) throws(DiskError) {
        let file = try open(path)
        changes[path] = .removed
        changes[newPath] = .file(file)
    }

    package func remove(_ path: String) throws(DiskError) {
        guard exists(path) else { throw DiskError("remove", path, code: ENOENT) }
        changes[path] = .removed
    }

    package func removeDirectory(_ path: String) throws(DiskError) {
        guard try list(path).isEmpty else {
            throw DiskError("remove directory", path, code: ENOTEMPTY)
        }
        changes[path] = .removed
    }

    package func syncDirectory(_ directory: String) {}

    package func lock(_ path: String) -> any DiskLock { OverlayLock() }

    package func freeSpaceBytes(_ path: String) throws(DiskError) -> Int64 {
        try base.freeSpaceBytes(path)
    }
}

private final class OverlayLock: DiskLock {
    func release() {}
}
