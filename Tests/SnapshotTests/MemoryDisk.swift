import Storage
import Synchronization

/// The plainest disk there is: what is written is there. Nothing fails, nothing is lost.
final class MemoryDisk: Disk {
    let files = Mutex<[String: MemoryFile]>([:])

    func create(_ path: String) throws(DiskError) -> MemoryFile {
        let file = MemoryFile()
        files.withLock { $0[path] = file }
        return file
    }

    func open(_ path: String) throws(DiskError) -> MemoryFile {
        guard let file = files.withLock({ $0[path] }) else {
            throw DiskError("open", path, code: 2)
        }
        return file
    }

    func openForReading(_ path: String) throws(DiskError) -> MemoryFile { try open(path) }

    func list(_ directory: String) throws(DiskError) -> [String] {
        let prefix = directory + "/"
        return files.withLock { $0.keys.sorted() }
            .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    func exists(_ path: String) -> Bool { files.withLock { $0[path] != nil } }
    func createDirectory(_ path: String) throws(DiskError) {}

    func rename(_ path: String, to newPath: String) throws(DiskError) {
        files.withLock { files in
            files[newPath] = files[path]
            files[path] = nil
        }
    }

    func remove(_ path: String) throws(DiskError) { files.withLock { $0[path] = nil } }
    func syncDirectory(_ directory: String) throws(DiskError) {}
    func lock(_ path: String) throws(DiskError) -> any DiskLock { MemoryLock() }
    func freeSpaceBytes(_ path: String) throws(DiskError) -> Int64 { .max }

    /// The content of a file, to look at and to damage.
    subscript(path: String) -> [UInt8] {
        get { files.withLock { $0[path] }.map(\.bytes) ?? [] }
        set {
            let file = MemoryFile()
            file.bytes = newValue
            files.withLock { $0[path] = file }
        }
    }
}

final class MemoryFile: DiskFile {
    private let content = Mutex<[UInt8]>([])

    var bytes: [UInt8] {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }

    func sizeBytes() throws(DiskError) -> Int64 { content.withLock { Int64($0.count) } }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(DiskError) -> Int {
        let bytes = bytes
        let count = max(min(buffer.count, bytes.count - Int(offset)), 0)
        if count > 0 { buffer.copyBytes(from: bytes[Int(offset)..<(Int(offset) + count)]) }
        return count
    }

    func write(_ source: UnsafeRawBufferPointer, at offset: Int64) throws(DiskError) {
        let copy = [UInt8](source)
        content.withLock { bytes in
            let end = Int(offset) + copy.count
            if bytes.count < end {
                bytes.append(contentsOf: [UInt8](repeating: 0, count: end - bytes.count))
            }
            bytes.replaceSubrange(Int(offset)..<end, with: copy)
        }
    }

    func sync() throws(DiskError) {}
    func truncate(to sizeBytes: Int64) throws(DiskError) {}
    func allocate(_ sizeBytes: Int64) throws(DiskError) {}
    func close() {}
}

final class MemoryLock: DiskLock {
    func release() {}
}
