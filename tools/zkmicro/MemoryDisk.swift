import Storage
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A disk in memory whose calls cost next to nothing, so that what is counted is the engine's.
final class MemoryDisk: Disk {
    private let files = Mutex<[String: MemoryFile]>([:])

    func create(_ path: String) throws(DiskError) -> MemoryFile {
        files.withLock { files in
            if let file = files[path] { return file }
            let file = MemoryFile()
            files[path] = file
            return file
        }
    }

    func open(_ path: String) throws(DiskError) -> MemoryFile {
        guard let file = files.withLock({ $0[path] }) else {
            throw DiskError("open", path, code: ENOENT)
        }
        return file
    }

    func openForReading(_ path: String) throws(DiskError) -> MemoryFile { try open(path) }

    func list(_ directory: String) throws(DiskError) -> [String] {
        files.withLock { files in
            files.keys.filter { $0.hasPrefix(directory + "/") }
                .map { String($0.dropFirst(directory.count + 1)) }.sorted()
        }
    }

    func exists(_ path: String) -> Bool { files.withLock { $0[path] != nil } }
    func createDirectory(_ path: String) throws(DiskError) {}

    func rename(_ path: String, to newPath: String) throws(DiskError) {
        files.withLock { $0[newPath] = $0.removeValue(forKey: path) }
    }

    func remove(_ path: String) throws(DiskError) {
        files.withLock { $0[path] = nil }
    }

    func removeDirectory(_ path: String) throws(DiskError) {}
    func syncDirectory(_ directory: String) throws(DiskError) {}
    func lock(_ path: String) throws(DiskError) -> any DiskLock { MemoryLock() }
    func freeSpaceBytes(_ path: String) throws(DiskError) -> Int64 { .max }
}

/// A file of at most 128 MiB, of which the system keeps what was written.
// SAFETY: `@unchecked`: one thread uses it at a time, as `DiskFile` says; `place` is freed in `deinit`
// only, and every access is checked against `capacity`.
final class MemoryFile: DiskFile, @unchecked Sendable {
    private static let capacity = 128 << 20
    private let place = UnsafeMutableRawPointer.allocate(
        byteCount: MemoryFile.capacity, alignment: 16)
    private var count = 0

    deinit { place.deallocate() }

    func sizeBytes() throws(DiskError) -> Int64 { Int64(count) }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(DiskError) -> Int
    {
        let size = max(0, min(buffer.count, count - Int(offset)))
        if size > 0, let target = buffer.baseAddress {
            target.copyMemory(from: place + Int(offset), byteCount: size)
        }
        return size
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DiskError) {
        guard let source = bytes.baseAddress else { return }
        try extend(to: Int(offset) + bytes.count)
        (place + Int(offset)).copyMemory(from: source, byteCount: bytes.count)
    }

    func sync() throws(DiskError) {}
    func truncate(to sizeBytes: Int64) throws(DiskError) { count = Int(sizeBytes) }
    func allocate(_ sizeBytes: Int64) throws(DiskError) { try extend(to: Int(sizeBytes)) }
    func close() {}

    private func extend(to end: Int) throws(DiskError) {
        guard end <= Self.capacity else { throw DiskError("write", "memory", code: ENOSPC) }
        guard end > count else { return }
        (place + count).initializeMemory(as: UInt8.self, repeating: 0, count: end - count)
        count = end
    }
}

private final class MemoryLock: DiskLock {
    func release() {}
}
