// A disk in memory that behaves as badly as a real one may, on demand and repeatably. Sectors of
// 512 bytes; a page cache above the medium; directory entries with a durability of their own.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The in-memory twin of `PosixDisk`. Any thread may use it; each operation is atomic.
package final class SimulatedDisk: Disk {
    struct State {
        var inodes: [Int: SimulatedInode] = [:]
        var names = SimulatedNamespace()
        var locked: Set<String> = []
        var nextInode = 1
        var faults = SimulatedFaults()
    }

    let state: Mutex<State>

    package convenience init() { self.init(State()) }

    init(_ state: sending State) { self.state = Mutex(state) }

    // MARK: the seam

    package func create(_ path: String) throws(DiskError) -> SimulatedFile {
        try perform("open", path) { (state) throws(DiskError) in
            if state.names.current.files[path] == nil {
                guard state.names.isDirectory(parentDirectory(of: path)) else {
                    throw DiskError("open", path, code: ENOENT)
                }
                let inode = state.nextInode
                state.nextInode += 1
                state.inodes[inode] = SimulatedInode()
                state.names.make(.link(path: path, inode: inode))
            }
            return try self.file(path, &state, isWritable: true)
        }
    }

    package func open(_ path: String) throws(DiskError) -> SimulatedFile {
        try perform("open", path) { (state) throws(DiskError) in
            try self.file(path, &state, isWritable: true)
        }
    }

    package func openForReading(_ path: String) throws(DiskError) -> SimulatedFile {
        try perform("open", path) { (state) throws(DiskError) in
            try self.file(path, &state, isWritable: false)
        }
    }

    private func file(
        _ path: String, _ state: inout State, isWritable: Bool
    ) throws(DiskError) -> SimulatedFile {
        guard let inode = state.names.current.files[path] else {
            throw DiskError("open", path, code: ENOENT)
        }
        return SimulatedFile(self, inode, path, isWritable: isWritable)
    }

    package func list(_ directory: String) throws(DiskError) -> [String] {
        try perform("list", directory) { (state) throws(DiskError) in
            guard state.names.isDirectory(directory) else {
                throw DiskError("list", directory, code: ENOENT)
            }
            let names = state.names.current
            return (Array(names.files.keys) + Array(names.directories))
                .filter { parentDirectory(of: $0) == directory }
                .map { String($0.split(separator: "/").last ?? "") }
                .sorted()
        }
    }

    package func exists(_ path: String) -> Bool {
        state.withLock { $0.names.current.files[path] != nil || $0.names.isDirectory(path) }
    }

    package func createDirectory(_ path: String) throws(DiskError) {
        try perform("create directory", path) { (state) throws(DiskError) in
            guard !state.names.isDirectory(path) else {
                throw DiskError("create directory", path, code: EEXIST)
            }
            state.names.make(.makeDirectory(path))
        }
    }

    package func rename(_ path: String, to newPath: String) throws(DiskError) {
        try perform("rename", path) { (state) throws(DiskError) in
            guard let inode = state.names.current.files[path] else {
                throw DiskError("rename", path, code: ENOENT)
            }
            state.names.make(.rename(from: path, to: newPath, inode: inode))
        }
    }

    package func remove(_ path: String) throws(DiskError) {
        try perform("remove", path) { (state) throws(DiskError) in
            guard let inode = state.names.current.files[path] else {
                throw DiskError("remove", path, code: ENOENT)
            }
            state.names.make(.unlink(path: path, inode: inode))
        }
    }

    package func removeDirectory(_ path: String) throws(DiskError) {
        try perform("remove directory", path) { (state) throws(DiskError) in
            guard state.names.isDirectory(path) else {
                throw DiskError("remove directory", path, code: ENOENT)
            }
            guard state.names.isEmpty(path) else {
                throw DiskError("remove directory", path, code: ENOTEMPTY)
            }
            state.names.make(.removeDirectory(path))
        }
    }

    package func syncDirectory(_ directory: String) throws(DiskError) {
        try perform("sync directory", directory) { (state) throws(DiskError) in
            guard state.names.isDirectory(directory) else {
                throw DiskError("open directory", directory, code: ENOENT)
            }
            if !state.faults.ignoresSync(of: directory) { state.names.sync(directory) }
        }
    }

    package func lock(_ path: String) throws(DiskError) -> any DiskLock {
        _ = try create(path)
        return try perform("lock", path) { (state) throws(DiskError) in
            guard state.locked.insert(path).inserted else {
                throw DiskError("lock", path, code: EWOULDBLOCK)
            }
            return SimulatedLock(self, path)
        }
    }

    package func freeSpaceBytes(_ path: String) throws(DiskError) -> Int64 {
        try perform("free space of", path) { (state) throws(DiskError) in
            Int64(clamping: state.faults.capacityBytes - state.usedBytes)
        }
    }

    // MARK: one operation

    /// Counts the operation, fails it if it is its turn, and runs it otherwise.
    func perform<R>(
        _ operation: String, _ path: String,
        _ body: (inout State) throws(DiskError) -> R
    ) throws(DiskError) -> R {
        var result: Result<R, DiskError>?
        state.withLock { state in
            if let failure = state.faults.countOperation(operation, path) {
                result = .failure(failure)
                return
            }
            do throws(DiskError) {
                result = .success(try body(&state))
            } catch {
                result = .failure(error)
            }
        }
        guard let result else { preconditionFailure("\(operation) \(path) did not run") }
        return try result.get()
    }
}

extension SimulatedDisk.State {
    var usedBytes: Int {
        let named = Set(names.current.files.values)
        return inodes.reduce(0) { named.contains($1.key) ? $0 + $1.value.cached.count : $0 }
    }
}

// SAFETY: `@unchecked`: it has nothing but the disk, which has a lock of its own, and a constant.
private final class SimulatedLock: DiskLock, @unchecked Sendable {
    private let disk: SimulatedDisk
    private let path: String
    private let isHeld = Atomic(true)

    init(_ disk: SimulatedDisk, _ path: String) {
        self.disk = disk
        self.path = path
    }

    deinit { release() }

    func release() {
        guard isHeld.exchange(false, ordering: .relaxed) else { return }
        disk.state.withLock { _ = $0.locked.remove(path) }
    }
}
