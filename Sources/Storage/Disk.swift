// The seam between the engine and the operating system: what may be asked of a disk, and what
// survives a crash after which answer. `PosixDisk` is real I/O; `SimulatedDisk` tears, loses,
// corrupts and fails.
//
// Guarantees every implementation gives:
//  1. After `File.sync()` returns, every byte written to that file before the call survives a power
//     failure, provided the file's directory entry does.
//  2. A directory entry (a created, renamed or removed name) survives after `syncDirectory` of its
//     directory returns. Before that, either the old or the new state may be found.
//  3. Bytes written and not yet synced may survive in any part and any order, sector by sector.
//  4. `rename` replaces atomically: the new name shows the old or the new file, never neither.
//  5. A thrown error of `write`, `sync`, `truncate`, `allocate` or `syncDirectory` says that the
//     state on the medium is unknown. The caller stops; it never retries (see docs/architecture.md).

/// A disk as the storage engine sees it. Paths are absolute or relative to the working directory.
package protocol Disk: Sendable {
    associatedtype File: DiskFile

    /// Opens for reading and writing, creating an empty file if there is none.
    func create(_ path: String) throws(DiskError) -> File
    /// Opens an existing file for reading and writing.
    func open(_ path: String) throws(DiskError) -> File
    /// Opens an existing file for reading only.
    func openForReading(_ path: String) throws(DiskError) -> File
    /// The names in a directory, sorted, without `.` and `..`.
    func list(_ directory: String) throws(DiskError) -> [String]
    func exists(_ path: String) -> Bool
    func createDirectory(_ path: String) throws(DiskError)
    func rename(_ path: String, to newPath: String) throws(DiskError)
    func remove(_ path: String) throws(DiskError)
    /// Removes an empty directory.
    func removeDirectory(_ path: String) throws(DiskError)
    /// Makes the entries of `directory` durable.
    func syncDirectory(_ directory: String) throws(DiskError)
    /// Takes the directory for this process until the lock is released or the process ends.
    /// Throws `DiskError` with `EWOULDBLOCK` if another process has it.
    func lock(_ path: String) throws(DiskError) -> any DiskLock
    /// Bytes that may still be written, as far as the disk can tell.
    func freeSpaceBytes(_ path: String) throws(DiskError) -> Int64
}

/// An open file. One thread uses it at a time.
package protocol DiskFile: AnyObject, Sendable {
    func sizeBytes() throws(DiskError) -> Int64
    /// Reads up to `buffer.count` bytes from `offset`; fewer only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(DiskError) -> Int
    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DiskError)
    /// Writes `count` zeros at `offset`, past the memory in which the system keeps what files have
    /// where it can: nobody is going to read them.
    func writeZeros(_ count: Int, at offset: Int64) throws(DiskError)
    /// Durable when it returns: see guarantee 1.
    func sync() throws(DiskError)
    func truncate(to sizeBytes: Int64) throws(DiskError)
    /// Reserves space so that writes below `sizeBytes` cannot fail for lack of it; extends the file.
    func allocate(_ sizeBytes: Int64) throws(DiskError)
    func close()
}

/// A held directory lock.
package protocol DiskLock: AnyObject, Sendable {
    func release()
}

/// A failed disk operation: what was done, to which file, and the operating system's answer.
package struct DiskError: Error, Equatable, Sendable, CustomStringConvertible {
    package let operation: String
    package let path: String
    /// `errno`.
    package let code: Int32

    package init(_ operation: String, _ path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var description: String {
        "\(operation) \(path): \(systemMessage(code)) (errno \(code))"
    }
}
