// Writes a snapshot so that a crash at any point leaves either no snapshot or a whole one:
//
// 1. Everything goes to a temporary name, which no reader looks at.
// 2. Content, seal and footer are synced before the rename; the directory is synced after it.
// 3. Only when `finish` has returned may anything that the snapshot replaces be removed.
// 4. After a failed operation the temporary file is removed where possible, and nothing is retried.
import Storage
import ZKWire

/// One snapshot being written. Belongs to one thread; not on the core loop.
package struct SnapshotWriter<D: Disk>: ~Copyable {
    package let name: SnapshotName
    private let disk: D
    private let directory: String
    private let origin: SnapshotOrigin
    private let file: D.File
    private var encoder = LZ4FrameEncoder()
    private var checksum = Adler32()
    package private(set) var uncompressedSize: Int64 = 0
    /// Bytes in the file.
    package private(set) var writtenSize: Int64 = 0
    private var syncedSize: Int64 = 0
    private var hasFailed = false

    /// Begins the snapshot whose walk starts at `startZxid`.
    package init(
        _ disk: D, directory: String, startZxid: Zxid, origin: SnapshotOrigin
    ) throws(SnapshotError) {
        self.disk = disk
        self.directory = directory
        self.origin = origin
        name = SnapshotName(zxid: startZxid)
        let path = directory + "/" + name.temporaryFileName
        do throws(DiskError) {
            if disk.exists(path) { try disk.remove(path) }
            file = try disk.create(path)
        } catch {
            throw .disk(error)
        }
    }

    /// Adds a piece of Apache's stream; pieces may be cut anywhere.
    package mutating func append(_ chunk: ByteView) throws(SnapshotError) {
        precondition(!hasFailed, "a failed snapshot is abandoned, not continued")
        var rest = chunk
        while rest.count > 0 {
            let size = min(rest.count, SnapshotFormat.blockSize)
            let piece = rest[view: 0..<size]
            checksum.update(piece)
            encoder.append(piece)
            uncompressedSize += Int64(size)
            if encoder.output.count >= SnapshotFormat.blockSize {
                try guarded { (self) throws(DiskError) in try self.writeOutput() }
            }
            rest = rest[view: size..<rest.count]
        }
    }

    /// Seals the stream, adds the footer and gives the file its name. Durable when it returns.
    package consuming func finish(_ end: SnapshotEnd) throws(SnapshotError) -> SnapshotFooter {
        try append(seal: checksum.value)
        encoder.end()
        let footer = footer(end)
        encoder.output.writeRaw(footer.encoded())
        try guarded { (self) throws(DiskError) in
            try self.writeOutput()
            try self.file.sync()
            self.file.close()
            try self.disk.rename(self.temporaryPath, to: self.path)
            try self.disk.syncDirectory(self.directory)
        }
        return footer
    }

    /// Gives up: removes what was written. Safe after a failure as well.
    package consuming func abandon() {
        removeTemporary()
    }

    package var path: String { directory + "/" + name.fileName }
    private var temporaryPath: String { directory + "/" + name.temporaryFileName }

    private mutating func append(seal: UInt32) throws(SnapshotError) {
        let bytes = ByteWriter(capacity: 64)
        bytes.writeInt64(Int64(seal))
        bytes.writeString("/")
        try append(bytes.view)
    }

    /// The frame is complete and still the only thing in the file and the output.
    private func footer(_ end: SnapshotEnd) -> SnapshotFooter {
        SnapshotFooter(
            origin: origin, startZxid: name.zxid, endZxid: end.endZxid, chain: end.chain,
            znodeCount: end.znodeCount, sessionCount: end.sessionCount,
            uncompressedSize: UInt64(uncompressedSize),
            compressedSize: UInt64(writtenSize) + UInt64(encoder.output.count),
            contentChecksum: checksum.value)
    }

    private mutating func writeOutput() throws(DiskError) {
        let output = encoder.output
        try file.write(output.view, at: writtenSize)
        writtenSize += Int64(output.count)
        output.removeAll()
        if writtenSize - syncedSize >= SnapshotFormat.syncEveryBytes {
            try file.sync()
            syncedSize = writtenSize
        }
    }

    private mutating func guarded(
        _ body: (inout Self) throws(DiskError) -> Void
    ) throws(SnapshotError) {
        do throws(DiskError) {
            try body(&self)
        } catch {
            hasFailed = true
            removeTemporary()
            throw .disk(error)
        }
    }

    /// Best effort: what cannot be removed now is a stale temporary for the next start.
    private func removeTemporary() {
        file.close()
        guard disk.exists(temporaryPath) else { return }
        try? disk.remove(temporaryPath)
    }
}
