// What Apache may write after the first seal (`DataTree.serializeZxidDigest`,
// `serializeLastProcessedZxid`). Neither says that it is there: a reader tells by the bytes that
// are left, all of which are at hand here.
import ZKWire

/// The optional end of the stream.
package struct SnapshotTrailer: Equatable, Sendable {
    /// Apache's digest of the tree at a zxid. Version 2 is an integer, version 1 was a hex string.
    package struct ZxidDigest: Equatable, Sendable {
        package let zxid: Zxid
        package let version: Int32
        package let value: Int64

        package init(zxid: Zxid, version: Int32, value: Int64) {
            self.zxid = zxid
            self.version = version
            self.value = value
        }
    }

    package private(set) var digest: ZxidDigest?
    package private(set) var lastZxid: Zxid?

    /// - Parameters:
    ///   - offset: where in the stream `bytes` begin.
    ///   - checksum: of the stream before them.
    init(decoding bytes: ByteView, at offset: Int64, checksum: Adler32) throws(SnapshotFault) {
        var cursor = Cursor(bytes: bytes, base: offset, checksum: checksum)
        if bytes.count == 0 { return }
        // A digest with its seal takes at least 29 bytes; a zxid with its seal, 21.
        if bytes.count != 8 + SnapshotFormat.sealSize {
            digest = try cursor.readDigest()
            if cursor.isAtEnd { return }
        }
        lastZxid = Zxid(rawValue: try cursor.readSealed(8) { $0.loadBigEndianInt64(at: 0) })
        guard cursor.isAtEnd else { throw cursor.fault(.trailingBytes, at: cursor.position) }
    }

    private struct Cursor {
        let bytes: ByteView
        let base: Int64
        var checksum: Adler32
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        /// Reads a field of `size` bytes and the seal that covers it.
        mutating func readSealed<T>(
            _ size: Int, _ decode: (ByteView) -> T
        ) throws(SnapshotFault) -> T {
            guard bytes.count - position >= size else { throw fault(.truncated, at: bytes.count) }
            let field = bytes[view: position..<(position + size)]
            checksum.update(field)
            let sealStart = position + size
            let seal = bytes[view: sealStart..<bytes.count]
            try checkSeal(seal, is: checksum) { (reason, at) in fault(reason, at: sealStart + at) }
            checksum.update(seal[view: 0..<SnapshotFormat.sealSize])
            position = sealStart + SnapshotFormat.sealSize
            return decode(field)
        }

        /// nil for the empty digest that a server without a digest of its own writes.
        mutating func readDigest() throws(SnapshotFault) -> ZxidDigest? {
            guard bytes.count >= 12 else { throw fault(.truncated, at: bytes.count) }
            let version = bytes.loadBigEndianInt32(at: 8)
            let isText = version < 2
            var size = 20
            if isText {
                guard bytes.count >= 16 else { throw fault(.truncated, at: bytes.count) }
                let length = Int(bytes.loadBigEndianInt32(at: 12))
                guard (-1...16).contains(length) else {
                    throw fault(.badValue("digest of \(length) bytes"), at: 12)
                }
                size = 16 + max(length, 0)
            }
            let digest = try readSealed(size) { field in
                ZxidDigest(
                    zxid: Zxid(rawValue: field.loadBigEndianInt64(at: 0)), version: version,
                    value: isText ? Cursor.hex(field) : field.loadBigEndianInt64(at: 12))
            }
            return digest.zxid > .zero ? digest : nil
        }

        func fault(_ reason: SnapshotFault.Reason, at position: Int) -> SnapshotFault {
            SnapshotFault(reason, in: .content, at: base + Int64(position))
        }

        private static func hex(_ field: ByteView) -> Int64 {
            Int64(field[view: 16..<field.count].text, radix: 16) ?? 0
        }
    }
}
