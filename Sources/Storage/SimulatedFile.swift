#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An open file of a `SimulatedDisk`. As with a real one, it outlives its name.
package final class SimulatedFile: DiskFile {
    private let disk: SimulatedDisk
    private let inode: Int
    private let path: String
    private let isWritable: Bool

    init(_ disk: SimulatedDisk, _ inode: Int, _ path: String, isWritable: Bool) {
        self.disk = disk
        self.inode = inode
        self.path = path
        self.isWritable = isWritable
    }

    package func sizeBytes() throws(DiskError) -> Int64 {
        try perform("size of") { (state, inode) throws(DiskError) in
            Int64(state.inodes[inode]?.cached.count ?? 0)
        }
    }

    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(DiskError) -> Int {
        try perform("read") { (state, inode) throws(DiskError) in
            guard let content = state.inodes[inode]?.cached else { return 0 }
            let start = min(Int(offset), content.count)
            let end = min(start + buffer.count, content.count)
            if let code = state.faults.readFailure(self.path, start..<end) {
                throw DiskError("read", self.path, code: code)
            }
            content.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[start..<end])) }
            return end - start
        }
    }

    package func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64
    ) throws(DiskError) {
        let start = Int(offset)
        do throws(DiskError) {
            try change("write", growingTo: start + bytes.count) {
                $0.write(bytes, at: start)
            }
        } catch {
            // A failed write may have got part of the way.
            if error.code != ENOSPC && !disk.isPowerCut {
                disk.state.withLock { state in
                    let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2))
                    state.inodes[inode]?.write(part, at: start)
                }
            }
            throw error
        }
    }

    package func sync() throws(DiskError) {
        do throws(DiskError) {
            try perform("sync") { (state, inode) throws(DiskError) in state.inodes[inode]?.sync() }
        } catch {
            if !disk.isPowerCut { disk.state.withLock { $0.inodes[inode]?.failSync() } }
            throw error
        }
    }

    package func truncate(to sizeBytes: Int64) throws(DiskError) {
        try change("truncate", growingTo: Int(sizeBytes)) { $0.resize(to: Int(sizeBytes)) }
    }

    package func allocate(_ sizeBytes: Int64) throws(DiskError) {
        try change("allocate", growingTo: Int(sizeBytes)) { file in
            if file.cached.count < Int(sizeBytes) { file.resize(to: Int(sizeBytes)) }
        }
    }

    package func close() {}

    private func perform<R>(
        _ operation: String,
        _ body: (inout SimulatedDisk.State, Int) throws(DiskError) -> R
    ) throws(DiskError) -> R {
        try disk.perform(operation, path) { (state) throws(DiskError) in
            try body(&state, self.inode)
        }
    }

    private func change(
        _ operation: String, growingTo size: Int, _ body: (inout SimulatedInode) -> Void
    ) throws(DiskError) {
        guard isWritable else { throw DiskError(operation, path, code: EBADF) }
        try perform(operation) { (state, inode) throws(DiskError) in
            let more = size - (state.inodes[inode]?.cached.count ?? 0)
            let capacity = state.faults.capacityBytes
            if more > 0, capacity != .max, more > capacity - state.usedBytes {
                throw DiskError(operation, self.path, code: ENOSPC)
            }
            if var file = state.inodes.removeValue(forKey: inode) {
                body(&file)
                state.inodes[inode] = file
            }
        }
    }
}
