import Storage
import ZKWire

/// What precedes each record's body: 40 bytes that say what it is, what it continues and what was
/// durable before it was written.
struct RecordHeader {
    enum Kind { case plain, compressed }

    var kind: Kind
    var bodyLength: Int
    /// Of a compressed record, the last transaction's.
    var zxid: Zxid
    var previous: ChainPoint
    /// Where in the segment the write that this record was part of began. Everything before it was
    /// synced before that write was issued: this is what tells a torn record from a damaged one.
    var batchOffset: Int
    var bodyChecksum: UInt32
    /// The header's own, which is the record's link in the chain.
    var checksum: UInt32

    var point: ChainPoint { ChainPoint(zxid: zxid, checksum: checksum) }
    var paddedBodyLength: Int { TxnLogFormat.padded(bodyLength) }

    /// Stores the header and returns its checksum.
    @inline(__always)
    func encode(to start: UnsafeMutableRawPointer, at offset: Int, seal: SegmentSeal) -> UInt32 {
        let magic =
            kind == .plain ? TxnLogFormat.plainMagic : TxnLogFormat.compressedMagic
        start.storeLittleEndian(magic, at: 0)
        start.storeLittleEndian(UInt32(bodyLength), at: 4)
        start.storeLittleEndian(zxid.rawValue, at: 8)
        start.storeLittleEndian(previous.zxid.rawValue, at: 16)
        start.storeLittleEndian(previous.checksum, at: 24)
        start.storeLittleEndian(UInt32(batchOffset), at: 28)
        start.storeLittleEndian(bodyChecksum, at: 32)
        let checksum = seal.checksum(of: UnsafeRawPointer(start), at: offset)
        start.storeLittleEndian(checksum, at: TxnLogFormat.recordChecksumOffset)
        return checksum
    }

    /// The header at `start`, which lies at `offset` of the segment; nil if it does not validate.
    @inline(__always)
    static func decode(
        _ start: UnsafeRawPointer, at offset: Int, seal: SegmentSeal
    ) -> RecordHeader? {
        let magic = start.loadLittleEndian(at: 0, as: UInt32.self)
        guard magic == TxnLogFormat.plainMagic || magic == TxnLogFormat.compressedMagic else {
            return nil
        }
        let stored = start.loadLittleEndian(
            at: TxnLogFormat.recordChecksumOffset, as: UInt32.self)
        guard stored == seal.checksum(of: start, at: offset) else { return nil }
        return RecordHeader(
            kind: magic == TxnLogFormat.plainMagic ? .plain : .compressed,
            bodyLength: Int(start.loadLittleEndian(at: 4, as: UInt32.self)),
            zxid: Zxid(rawValue: start.loadLittleEndian(at: 8, as: Int64.self)),
            previous: ChainPoint(
                zxid: Zxid(rawValue: start.loadLittleEndian(at: 16, as: Int64.self)),
                checksum: start.loadLittleEndian(at: 24, as: UInt32.self)),
            batchOffset: Int(start.loadLittleEndian(at: 28, as: UInt32.self)),
            bodyChecksum: start.loadLittleEndian(at: 32, as: UInt32.self),
            checksum: stored)
    }
}

/// What ties a record to its place: its header's checksum begins with the segment's salt and the
/// record's own offset, neither of which is stored with it.
struct SegmentSeal {
    private let saltChecksum: UInt32

    init(salt: UInt64) {
        saltChecksum = withUnsafeBytes(of: salt.littleEndian) { Checksum.crc32($0) }
    }

    /// Over the salt (8 bytes), the offset (8 bytes) and the header up to its checksum (36 bytes).
    @inline(__always)
    func checksum(of header: UnsafeRawPointer, at offset: Int) -> UInt32 {
        let place = withUnsafeBytes(of: UInt64(offset).littleEndian) {
            Checksum.crc32($0, continuing: saltChecksum)
        }
        return Checksum.crc32(
            ByteView(start: header, count: TxnLogFormat.recordChecksumOffset), continuing: place)
    }
}
