import Storage
import ZKWire

/// A file read from its start to `end` in large pieces, and the name that its faults get.
struct FileSource<D: Disk>: ~Copyable {
    private let file: D.File
    let path: String
    /// Where the part to be read ends, in bytes from the start of the file.
    var end: Int64
    let progress: (Int64) -> Void
    private var offset: Int64 = 0
    private let buffer: UnsafeMutableRawBufferPointer

    init(
        _ disk: D, _ path: String, progress: @escaping (Int64) -> Void
    ) throws(SnapshotError) {
        let opened: (D.File, Int64)
        do throws(DiskError) {
            let file = try disk.openForReading(path)
            opened = (file, try file.sizeBytes())
        } catch {
            throw .disk(error)
        }
        (file, end) = opened
        self.path = path
        self.progress = progress
        // SAFETY: freed in `deinit` only; views of it are valid until the next read.
        buffer = .allocate(byteCount: SnapshotFormat.blockSize, alignment: 16)
    }

    deinit {
        file.close()
        buffer.deallocate()
    }

    /// The next piece, valid until the next call; nil at the end.
    mutating func next() throws(SnapshotError) -> ByteView? {
        let size = Int(min(end - offset, Int64(buffer.count)))
        guard size > 0 else { return nil }
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<size])
        guard try read(room, at: offset) == size else {
            throw .invalid(path: path, SnapshotFault(.truncated, in: .file, at: offset))
        }
        offset += Int64(size)
        progress(offset)
        return ByteView(room)
    }

    /// The footer at the end of the file.
    func readFooter() throws(SnapshotError) -> SnapshotFooter {
        let start = end - Int64(SnapshotFormat.footerSize)
        let room = UnsafeMutableRawBufferPointer(
            rebasing: buffer[..<SnapshotFormat.footerSize])
        guard start >= 0, try read(room, at: start) == room.count else {
            throw .invalid(path: path, SnapshotFault(.footerMissing, in: .file, at: max(start, 0)))
        }
        return try naming { () throws(SnapshotFault) in
            try SnapshotFooter(decoding: ByteView(room), at: start)
        }
    }

    /// Runs `body` and puts the file's name on its faults.
    func naming<T>(_ body: () throws(SnapshotFault) -> T) throws(SnapshotError) -> T {
        do throws(SnapshotFault) {
            return try body()
        } catch {
            throw .invalid(path: path, error)
        }
    }

    private func read(
        _ room: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(SnapshotError) -> Int {
        do throws(DiskError) {
            return try file.read(into: room, at: offset)
        } catch {
            throw .disk(error)
        }
    }
}
