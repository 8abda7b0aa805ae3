import Storage
import ZKWire

/// The block at the start of every segment: whose log it is, and what its first record continues.
package struct SegmentHeader: Equatable, Sendable {
    package var ensembleID: UInt64
    package var generation: UInt32
    package var firstZxid: Zxid
    /// The last record of the segment before this one, or the log's base.
    package var previous: ChainPoint
    /// Different for every segment ever made, so that records of a recycled file's former life, and
    /// records written to the wrong file, do not validate here.
    package var salt: UInt64

    /// Why a block is no segment header.
    package enum Defect: Equatable, Sendable {
        case tooShort(sizeBytes: Int)
        case badMagic(UInt64)
        case checksum(stored: UInt32, computed: UInt32)
        case unknownVersion(UInt32)
        case badBlockSize(UInt32)
    }

    func encode(into block: UnsafeMutableRawBufferPointer) {
        precondition(block.count == TxnLogFormat.headerBlockBytes)
        let start = block.baseAddress.unsafelyUnwrapped
        start.initializeMemory(as: UInt8.self, repeating: 0, count: block.count)
        start.storeLittleEndian(TxnLogFormat.segmentMagic, at: 0)
        start.storeLittleEndian(TxnLogFormat.version, at: 8)
        start.storeLittleEndian(UInt32(TxnLogFormat.headerBlockBytes), at: 12)
        start.storeLittleEndian(ensembleID, at: 16)
        start.storeLittleEndian(generation, at: 24)
        start.storeLittleEndian(firstZxid.rawValue, at: 32)
        start.storeLittleEndian(previous.zxid.rawValue, at: 40)
        start.storeLittleEndian(previous.checksum, at: 48)
        start.storeLittleEndian(salt, at: 56)
        start.storeLittleEndian(
            Self.checksum(of: ByteView(block)), at: TxnLogFormat.headerChecksumOffset)
    }

    static func decode(_ block: ByteView) -> Result<SegmentHeader, DefectError> {
        guard block.count == TxnLogFormat.headerBlockBytes else {
            return .failure(DefectError(.tooShort(sizeBytes: block.count)))
        }
        let start = block.baseAddress.unsafelyUnwrapped
        let magic = start.loadLittleEndian(at: 0, as: UInt64.self)
        if magic != TxnLogFormat.segmentMagic { return .failure(DefectError(.badMagic(magic))) }
        let stored = start.loadLittleEndian(
            at: TxnLogFormat.headerChecksumOffset, as: UInt32.self)
        let computed = checksum(of: block)
        if stored != computed {
            return .failure(DefectError(.checksum(stored: stored, computed: computed)))
        }
        // After the checksum: a flipped bit is damage, not a message from the future.
        let version = start.loadLittleEndian(at: 8, as: UInt32.self)
        if version != TxnLogFormat.version {
            return .failure(DefectError(.unknownVersion(version)))
        }
        let blockSize = start.loadLittleEndian(at: 12, as: UInt32.self)
        if blockSize != UInt32(TxnLogFormat.headerBlockBytes) {
            return .failure(DefectError(.badBlockSize(blockSize)))
        }
        return .success(decodeFields(start))
    }

    private static func decodeFields(_ start: UnsafeRawPointer) -> SegmentHeader {
        SegmentHeader(
            ensembleID: start.loadLittleEndian(at: 16, as: UInt64.self),
            generation: start.loadLittleEndian(at: 24, as: UInt32.self),
            firstZxid: Zxid(rawValue: start.loadLittleEndian(at: 32, as: Int64.self)),
            previous: ChainPoint(
                zxid: Zxid(rawValue: start.loadLittleEndian(at: 40, as: Int64.self)),
                checksum: start.loadLittleEndian(at: 48, as: UInt32.self)),
            salt: start.loadLittleEndian(at: 56, as: UInt64.self))
    }

    private static func checksum(of block: ByteView) -> UInt32 {
        Checksum.crc32(block[view: 0..<TxnLogFormat.headerChecksumOffset])
    }

    struct DefectError: Error {
        let defect: Defect
        init(_ defect: Defect) { self.defect = defect }
    }
}
