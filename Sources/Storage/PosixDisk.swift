// The operating system's files. The only file of the product that makes file system calls.
//
//  1. Interrupted and partial calls are continued here; nobody above sees EINTR or a short count.
//  2. `sync` is fdatasync while only data changed, and fsync after anything that changed the
//     file's size or blocks by itself.
//  3. A failed call is reported once and never repeated: after a failed fsync the kernel may have
//     dropped the pages (Rebello et al., USENIX ATC 2020).

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

package struct PosixDisk: Disk {
    package init() {}

    package func create(_ path: String) throws(DiskError) -> PosixFile {
        try openFile(path, flags: O_RDWR | O_CREAT | O_CLOEXEC)
    }

    package func open(_ path: String) throws(DiskError) -> PosixFile {
        try openFile(path, flags: O_RDWR | O_CLOEXEC)
    }

    package func openForReading(_ path: String) throws(DiskError) -> PosixFile {
        try openFile(path, flags: O_RDONLY | O_CLOEXEC)
    }

    package func list(_ directory: String) throws(DiskError) -> [String] {
        guard let stream = opendir(directory) else {
            throw DiskError("list", directory, code: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        if errno != 0 { throw DiskError("list", directory, code: errno) }
        return names.sorted()
    }

    package func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package func createDirectory(_ path: String) throws(DiskError) {
        try check(mkdir(path, 0o750), "create directory", path)
    }

    package func rename(_ path: String, to newPath: String) throws(DiskError) {
        #if canImport(Glibc)
            try check(Glibc.rename(path, newPath), "rename", path)
        #else
            try check(Darwin.rename(path, newPath), "rename", path)
        #endif
    }

    package func remove(_ path: String) throws(DiskError) {
        try check(unlink(path), "remove", path)
    }

    package func removeDirectory(_ path: String) throws(DiskError) {
        try check(rmdir(path), "remove directory", path)
    }

    package func syncDirectory(_ directory: String) throws(DiskError) {
        let descriptor = try openDescriptor(
            directory, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC, operation: "open directory")
        defer { _ = systemClose(descriptor) }
        try check(fsync(descriptor), "sync directory", directory)
    }

    package func lock(_ path: String) throws(DiskError) -> any DiskLock {
        let descriptor = try openDescriptor(
            path, flags: O_RDWR | O_CREAT | O_CLOEXEC, operation: "open lock")
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            _ = systemClose(descriptor)
            throw DiskError("lock", path, code: code)
        }
        return PosixLock(descriptor)
    }

    package func freeSpaceBytes(_ path: String) throws(DiskError) -> Int64 {
        var info = statvfs()
        try check(statvfs(path, &info), "free space of", path)
        return Int64(info.f_bavail) * Int64(info.f_frsize)
    }

    private func openFile(_ path: String, flags: Int32) throws(DiskError) -> PosixFile {
        PosixFile(try openDescriptor(path, flags: flags, operation: "open"), path)
    }
}

// SAFETY: `@unchecked`: one thread uses a file at a time (see `DiskFile`); the hand-over between
// threads orders the accesses.
package final class PosixFile: DiskFile, @unchecked Sendable {
    private var descriptor: Int32
    private let path: String
    /// The size or the blocks changed since the last sync: fdatasync need not cover that.
    private var isMetadataDirty = false

    fileprivate init(_ descriptor: Int32, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close() }

    package func sizeBytes() throws(DiskError) -> Int64 {
        var info = stat()
        try check(fstat(descriptor, &info), "size of", path)
        return Int64(info.st_size)
    }

    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(DiskError) -> Int {
        var done = 0
        while done < buffer.count {
            let more = pread(
                descriptor, buffer.baseAddress.unsafelyUnwrapped + done, buffer.count - done,
                off_t(offset) + off_t(done))
            if more == 0 { break }
            if more > 0 {
                done += more
            } else if errno != EINTR {
                throw DiskError("read", path, code: errno)
            }
        }
        return done
    }

    package func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64
    ) throws(DiskError) {
        var done = 0
        while done < bytes.count {
            let more = pwrite(
                descriptor, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done,
                off_t(offset) + off_t(done))
            if more > 0 {
                done += more
            } else if more == 0 || errno != EINTR {
                throw DiskError("write", path, code: more == 0 ? EIO : errno)
            }
        }
    }

    package func writeZeros(_ count: Int, at offset: Int64) throws(DiskError) {
        // Whole pages, as direct writes need; 1 MiB at a time.
        let pieceBytes = 1 << 20
        let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 4096)
        defer { zeros.deallocate() }
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        var isDirect = offset % 4096 == 0 && count % 4096 == 0 && setDirect(true)
        defer { if isDirect { _ = setDirect(false) } }
        var done = 0
        while done < count {
            let piece = UnsafeRawBufferPointer(rebasing: zeros[..<min(pieceBytes, count - done)])
            do throws(DiskError) {
                try write(piece, at: offset + Int64(done))
                done += piece.count
            } catch {
                // Some file systems take the flag and then refuse the write, of which nothing was done.
                guard isDirect, error.code == EINVAL, setDirect(false) else { throw error }
                isDirect = false
            }
        }
    }

    /// Whether writes go past the page cache from now on.
    /// - Returns: false where the file system cannot do that.
    private func setDirect(_ isDirect: Bool) -> Bool {
        let flags = fcntl(descriptor, F_GETFL)
        guard let directFlag, flags >= 0 else { return false }
        let wanted = isDirect ? flags | directFlag : flags & ~directFlag
        return fcntl(descriptor, F_SETFL, wanted) == 0
    }

    package func sync() throws(DiskError) {
        #if canImport(Darwin)
            // fsync leaves the data in the drive's cache there.
            try check(fcntl(descriptor, F_FULLFSYNC), "sync", path)
        #else
            try check(isMetadataDirty ? fsync(descriptor) : fdatasync(descriptor), "sync", path)
        #endif
        isMetadataDirty = false
    }

    package func truncate(to sizeBytes: Int64) throws(DiskError) {
        isMetadataDirty = true
        try check(ftruncate(descriptor, off_t(sizeBytes)), "truncate", path)
    }

    package func allocate(_ sizeBytes: Int64) throws(DiskError) {
        isMetadataDirty = true
        #if canImport(Darwin)
            if try self.sizeBytes() < sizeBytes { try truncate(to: sizeBytes) }
        #else
            var code: Int32
            repeat { code = posix_fallocate(descriptor, 0, off_t(sizeBytes)) } while code == EINTR
            if code != 0 { throw DiskError("allocate", path, code: code) }
        #endif
    }

    package func close() {
        guard descriptor >= 0 else { return }
        _ = systemClose(descriptor)
        descriptor = -1
    }
}

// SAFETY: `@unchecked`: released once, by its one owner or by its end.
private final class PosixLock: DiskLock, @unchecked Sendable {
    private var descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { release() }

    func release() {
        guard descriptor >= 0 else { return }
        // Closing the only descriptor of the open file gives the lock up.
        _ = systemClose(descriptor)
        descriptor = -1
    }
}

private func check(_ result: Int32, _ operation: String, _ path: String) throws(DiskError) {
    if result == -1 { throw DiskError(operation, path, code: errno) }
}

private func openDescriptor(
    _ path: String, flags: Int32, operation: String
) throws(DiskError) -> Int32 {
    while true {
        let descriptor = systemOpen(path, flags)
        if descriptor >= 0 { return descriptor }
        if errno != EINTR { throw DiskError(operation, path, code: errno) }
    }
}

/// O_DIRECT, which the C library's header keeps from Swift; nil where there is none.
#if os(Linux) && arch(x86_64)
    private let directFlag: Int32? = 0o40000
#elseif os(Linux) && arch(arm64)
    private let directFlag: Int32? = 0o200000
#else
    private let directFlag: Int32? = nil
#endif

// Under names that the methods of the types above do not hide.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0o640) }
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
