import Storage
import ZKWire

/// What our own snapshots say about themselves after the lz4 frame of Apache's stream.
/// Little-endian; the layout is in docs/formats/snapshot.md.
package struct SnapshotFooter: Equatable, Sendable {
    package var origin: SnapshotOrigin
    /// Everything up to here is in the content.
    package var startZxid: Zxid
    /// Nothing after this is. The content is fuzzy between the two: it is a state of the tree only
    /// once the log has been replayed up to here.
    package var endZxid: Zxid
    /// The checksum of the log's record at `startZxid`, which the record after it names as its
    /// predecessor's. Zero where it is not known.
    package var chain: UInt32
    package var znodeCount: UInt64
    package var sessionCount: UInt64
    /// Of the content, the seal included.
    package var uncompressedSize: UInt64
    /// Of the lz4 frame.
    package var compressedSize: UInt64
    /// Adler-32 of the whole content, which ties the footer to it.
    package var contentChecksum: UInt32
}

extension SnapshotFooter {
    package static var sizeBytes: Int64 { Int64(SnapshotFormat.footerSize) }

    /// The skippable frame: header, fields, checksum.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(SnapshotFormat.footerSize)
        func put(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        put(SnapshotFormat.footerFrameMagic)
        put(UInt32(SnapshotFormat.footerSize - 8))
        put(SnapshotFormat.footerMagic)
        put(SnapshotFormat.footerVersion)
        put(origin.ensembleID)
        put(origin.generation)
        put(chain)
        put(startZxid.rawValue)
        put(endZxid.rawValue)
        put(znodeCount)
        put(sessionCount)
        put(uncompressedSize)
        put(compressedSize)
        put(contentChecksum)
        put(bytes.withByteView { Checksum.crc32($0) })
        precondition(bytes.count == SnapshotFormat.footerSize)
        return bytes
    }

    /// - Parameter offset: where in the file `bytes` begin, for messages.
    init(decoding bytes: ByteView, at offset: Int64) throws(SnapshotFault) {
        var position = 0
        func take<T: FixedWidthInteger>(_ type: T.Type) -> T {
            defer { position += MemoryLayout<T>.size }
            return T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
        }
        guard bytes.count == SnapshotFormat.footerSize,
            take(UInt32.self) == SnapshotFormat.footerFrameMagic,
            take(UInt32.self) == UInt32(SnapshotFormat.footerSize - 8)
        else { throw SnapshotFault(.footerMissing, in: .file, at: offset) }
        try SnapshotFooter.check(bytes, at: offset)
        position = 16
        origin = SnapshotOrigin(ensembleID: take(UInt64.self), generation: take(UInt32.self))
        chain = take(UInt32.self)
        startZxid = Zxid(rawValue: take(Int64.self))
        endZxid = Zxid(rawValue: take(Int64.self))
        znodeCount = take(UInt64.self)
        sessionCount = take(UInt64.self)
        uncompressedSize = take(UInt64.self)
        compressedSize = take(UInt64.self)
        contentChecksum = take(UInt32.self)
    }

    /// Checksum first, so that a damaged footer is not taken for one of another version.
    private static func check(_ bytes: ByteView, at offset: Int64) throws(SnapshotFault) {
        func word(at position: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
        }
        let covered = SnapshotFormat.footerSize - 4
        let stored = word(at: covered)
        let computed = Checksum.crc32(bytes[view: 0..<covered])
        guard stored == computed else {
            throw SnapshotFault(
                .footerChecksum(stored: stored, computed: computed), in: .file, at: offset)
        }
        guard word(at: 8) == SnapshotFormat.footerMagic else {
            throw SnapshotFault(.badMagic(word(at: 8)), in: .file, at: offset + 8)
        }
        guard word(at: 12) == SnapshotFormat.footerVersion else {
            throw SnapshotFault(
                .unsupportedVersion(Int64(word(at: 12))), in: .file, at: offset + 12)
        }
    }
}
