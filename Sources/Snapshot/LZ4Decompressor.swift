import CLZ4
import ZKWire

/// Reads exactly one lz4 frame. lz4 itself checks the header's, the blocks' and the content's
/// checksums, and refuses blocks above the 4 MiB that the frame format allows.
struct LZ4Decompressor: SnapshotDecompressor, ~Copyable {
    private let context: OpaquePointer
    private let buffer: UnsafeMutableRawBufferPointer
    /// In bytes of the file.
    private var offset: Int64 = 0
    private var isComplete = false

    init() {
        var created: OpaquePointer?
        let code = LZ4F_createDecompressionContext(&created, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(code) == 0, let created else {
            preconditionFailure("lz4 gave no decompression context: \(lz4Message(code))")
        }
        context = created
        // SAFETY: freed in `deinit` only; lz4 writes no more than the count it is given.
        buffer = .allocate(byteCount: SnapshotFormat.blockSize, alignment: 16)
    }

    deinit {
        _ = LZ4F_freeDecompressionContext(context)
        buffer.deallocate()
    }

    mutating func decompress(
        _ input: ByteView, _ body: (ByteView) throws(SnapshotFault) -> Void
    ) throws(SnapshotFault) {
        if offset == 0 { try checkMagic(input) }
        var rest = input
        var isFull = false
        while rest.count > 0 || isFull {
            guard !isComplete else { throw SnapshotFault(.trailingBytes, in: .file, at: offset) }
            var written = buffer.count
            var read = rest.count
            let hint = LZ4F_decompress(
                context, buffer.baseAddress, &written, rest.baseAddress, &read, nil)
            guard LZ4F_isError(hint) == 0 else {
                throw SnapshotFault(.badCompression(lz4Message(hint)), in: .file, at: offset)
            }
            isComplete = hint == 0
            offset += Int64(read)
            rest = rest[view: read..<rest.count]
            if written > 0 { try body(ByteView(rebasing: buffer[..<written])) }
            isFull = written == buffer.count && !isComplete
        }
    }

    func finish() throws(SnapshotFault) {
        guard isComplete else { throw SnapshotFault(.truncated, in: .file, at: offset) }
    }

    /// lz4 would skip a skippable frame and then wait for another: the file must begin with data.
    private func checkMagic(_ input: ByteView) throws(SnapshotFault) {
        guard input.count >= 4 else { return }
        let magic = UInt32(littleEndian: input.loadUnaligned(as: UInt32.self))
        guard magic == 0x184D_2204 else {
            throw SnapshotFault(.badMagic(magic), in: .file, at: 0)
        }
    }
}
