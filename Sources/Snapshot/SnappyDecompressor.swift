// The framing of the snappy-java library, which Apache uses with
// `snapshot.compression.method=snappy`: a header of 16 bytes (magic, version, oldest compatible
// version), then blocks, each a big-endian length and a raw snappy block of that many bytes.
import ZKWire

/// Reads a snappy-java stream. Blocks carry no checksum; the snapshot's own seal is the check.
struct SnappyDecompressor: SnapshotDecompressor {
    private static let magic: [UInt8] = [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0x00]
    private static let headerSize = 16

    private let limit: Int
    private let pending = ByteWriter(capacity: 128 * 1024)
    private let block = ByteWriter(capacity: 64 * 1024)
    private var hasHeader = false
    /// Bytes of the file before `pending`.
    private var offset: Int64 = 0

    /// - Parameter limit: bytes of the largest block that is accepted.
    init(limit: Int) { self.limit = limit }

    mutating func decompress(
        _ input: ByteView, _ body: (ByteView) throws(SnapshotFault) -> Void
    ) throws(SnapshotFault) {
        pending.writeRaw(input)
        var start = 0
        if !hasHeader {
            guard pending.count >= SnappyDecompressor.headerSize else { return }
            try checkHeader(pending.view)
            hasHeader = true
            start = SnappyDecompressor.headerSize
        }
        while pending.count - start >= 4 {
            let bytes = pending.view
            let length = Int(
                Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: Int32.self)))
            guard (1...limit).contains(length) else {
                throw fault(.badCompression("block of \(length) bytes"), at: start)
            }
            guard bytes.count - start - 4 >= length else { break }
            try expand(bytes[view: (start + 4)..<(start + 4 + length)], at: start + 4)
            try body(block.view)
            start += 4 + length
        }
        offset += Int64(start)
        pending.removeFirst(start)
    }

    func finish() throws(SnapshotFault) {
        guard hasHeader, pending.count == 0 else {
            throw SnapshotFault(.truncated, in: .file, at: offset + Int64(pending.count))
        }
    }

    private func checkHeader(_ bytes: ByteView) throws(SnapshotFault) {
        guard bytes.prefix(8).elementsEqual(SnappyDecompressor.magic) else {
            throw fault(.badMagic(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))), at: 0)
        }
        let oldest = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self))
        guard oldest == 1 else { throw fault(.unsupportedVersion(Int64(oldest)), at: 12) }
    }

    private func expand(_ bytes: ByteView, at position: Int) throws(SnapshotFault) {
        block.removeAll()
        guard SnappyBlock.expand(bytes, into: block, limit: limit) else {
            throw fault(.badCompression("snappy block"), at: position)
        }
    }

    private func fault(_ reason: SnapshotFault.Reason, at position: Int) -> SnapshotFault {
        SnapshotFault(reason, in: .file, at: offset + Int64(position))
    }
}
