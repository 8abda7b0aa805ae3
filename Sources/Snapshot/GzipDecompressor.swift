import CZlib
import ZKWire

/// Reads one gzip member, as Apache writes with `snapshot.compression.method=gz`.
struct GzipDecompressor: SnapshotDecompressor, ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let buffer: UnsafeMutableRawBufferPointer
    /// In bytes of the file.
    private var offset: Int64 = 0
    private var isComplete = false

    /// zlib's largest window (15) and "gzip wrapper only" (16).
    private static let windowBits: Int32 = 15 + 16

    init() {
        // SAFETY: both are freed in `deinit` only. zlib keeps the stream's address, so that it
        // lives on the heap and not in this movable value.
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        buffer = .allocate(byteCount: SnapshotFormat.blockSize, alignment: 16)
        let code = inflateInit2_(
            stream, GzipDecompressor.windowBits, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib gave no stream: code \(code)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    mutating func decompress(
        _ input: ByteView, _ body: (ByteView) throws(SnapshotFault) -> Void
    ) throws(SnapshotFault) {
        guard input.count > 0 else { return }
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        repeat {
            guard !isComplete else { throw SnapshotFault(.trailingBytes, in: .file, at: offset) }
            let before = stream.pointee.avail_in
            stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(buffer.count)
            let code = inflate(stream, Z_NO_FLUSH)
            offset += Int64(before - stream.pointee.avail_in)
            guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
                throw SnapshotFault(.badCompression(zlibMessage(code)), in: .file, at: offset)
            }
            isComplete = code == Z_STREAM_END
            let written = buffer.count - Int(stream.pointee.avail_out)
            if written > 0 { try body(ByteView(rebasing: buffer[..<written])) }
        } while stream.pointee.avail_in > 0 || (stream.pointee.avail_out == 0 && !isComplete)
    }

    func finish() throws(SnapshotFault) {
        guard isComplete else { throw SnapshotFault(.truncated, in: .file, at: offset) }
    }

    private func zlibMessage(_ code: Int32) -> String {
        guard let text = stream.pointee.msg else { return "zlib code \(code)" }
        return String(cString: text)
    }
}
