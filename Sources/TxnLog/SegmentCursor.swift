// Reading one segment, front to back, in large pieces, believing nothing: a length is used only
// after the header's checksum vouched for it and it fits both the limit and the file.

import Storage
import ZKWire

/// A position in a segment and a window of its bytes.
final class SegmentCursor<File: DiskFile> {
    enum Step {
        /// Valid in itself; whether it continues its predecessor is the caller's to check. The body
        /// is valid until the next call.
        case record(RecordHeader, body: ByteView)
        /// The zeros behind the last record, or the end of the file.
        case end
        case bad(LogFault.Reason, zxid: Zxid?)
    }

    static var defaultWindowBytes: Int { 2 << 20 }

    let file: File
    let seal: SegmentSeal
    let fileSize: Int
    private let maximumRecordBytes: Int
    /// Where the next record begins, or where the scan stopped.
    var offset = TxnLogFormat.headerBlockBytes

    private var window: UnsafeMutableRawBufferPointer
    /// The file offset of the window's first byte, and how many bytes of it are filled.
    private var windowStart = TxnLogFormat.headerBlockBytes
    private var windowCount = 0

    init(
        _ file: File, header: SegmentHeader, maximumRecordBytes: Int,
        windowBytes: Int = SegmentCursor.defaultWindowBytes
    ) throws(DiskError) {
        self.file = file
        seal = SegmentSeal(salt: header.salt)
        fileSize = Int(try file.sizeBytes())
        self.maximumRecordBytes = maximumRecordBytes
        // SAFETY: owned by the cursor, freed in `deinit`; views into it end with the next call.
        window = .allocate(byteCount: max(windowBytes, 4096), alignment: 16)
    }

    deinit { window.deallocate() }

    /// The record at `offset`, and moves past it; an end or a bad place does not move.
    func next() throws(DiskError) -> Step {
        let left = fileSize - offset
        if left <= 0 { return .end }
        let available = try fill(min(TxnLogFormat.recordHeaderBytes, left))
        guard available >= TxnLogFormat.alignmentBytes else { return .bad(.cutShort, zxid: nil) }
        let start = place(offset)
        if start.loadLittleEndian(at: 0, as: UInt64.self) == 0 { return .end }
        guard available >= TxnLogFormat.recordHeaderBytes else {
            return .bad(.cutShort, zxid: nil)
        }
        guard let header = RecordHeader.decode(start, at: offset, seal: seal) else {
            return .bad(headerMismatch(start), zxid: nil)
        }
        return try readBody(of: header)
    }

    private func readBody(of header: RecordHeader) throws(DiskError) -> Step {
        let bodyOffset = offset + TxnLogFormat.recordHeaderBytes
        let limit = min(maximumRecordBytes, fileSize - bodyOffset)
        let length = header.paddedBodyLength
        guard length <= TxnLogFormat.padded(limit), bodyOffset + length <= fileSize else {
            return .bad(.recordLength(header.bodyLength, limit: limit), zxid: header.zxid)
        }
        let size = TxnLogFormat.recordHeaderBytes + length
        guard try fill(size) >= size else { return .bad(.cutShort, zxid: header.zxid) }
        let body = ByteView(start: place(bodyOffset), count: length)
        let computed = Checksum.crc32(body)
        guard computed == header.bodyChecksum else {
            return .bad(
                .bodyChecksum(stored: header.bodyChecksum, computed: computed), zxid: header.zxid)
        }
        offset += size
        return .record(header, body: ByteView(start: body.baseAddress, count: header.bodyLength))
    }

    private func headerMismatch(_ start: UnsafeRawPointer) -> LogFault.Reason {
        .recordHeader(
            stored: start.loadLittleEndian(at: TxnLogFormat.recordChecksumOffset, as: UInt32.self),
            computed: seal.checksum(of: start, at: offset))
    }

    // MARK: the window

    @inline(__always)
    private func place(_ fileOffset: Int) -> UnsafeRawPointer {
        UnsafeRawPointer(window.baseAddress.unsafelyUnwrapped + (fileOffset - windowStart))
    }

    /// Sees to it that `count` bytes from `offset` are in the window; returns how many are.
    @inline(__always)
    private func fill(_ count: Int) throws(DiskError) -> Int {
        let available = windowStart + windowCount - offset
        return available >= count ? available : try refill(count)
    }

    @inline(never)
    private func refill(_ count: Int) throws(DiskError) -> Int {
        let kept = max(windowStart + windowCount - offset, 0)
        if kept > 0 {
            let start = window.baseAddress.unsafelyUnwrapped
            start.copyMemory(from: start + (offset - windowStart), byteCount: kept)
        }
        windowStart = offset
        windowCount = kept
        if count > window.count { grow(to: count) }
        let room = min(window.count, fileSize - windowStart)
        windowCount += try file.read(
            into: UnsafeMutableRawBufferPointer(rebasing: window[windowCount..<room]),
            at: Int64(windowStart + windowCount))
        return windowCount
    }

    private func grow(to count: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: window[0..<windowCount]))
        window.deallocate()
        window = larger
    }

    // MARK: beyond the end

    /// Goes on to the next place where a record's header validates; false, and at the end of the
    /// file, if there is none.
    func seekHeader() throws(DiskError) -> Bool {
        offset += TxnLogFormat.alignmentBytes
        while offset + TxnLogFormat.recordHeaderBytes <= fileSize {
            let available = try fill(TxnLogFormat.recordHeaderBytes)
            guard available >= TxnLogFormat.recordHeaderBytes else { break }
            let last = offset + available - TxnLogFormat.recordHeaderBytes
            while offset <= last {
                if RecordHeader.decode(place(offset), at: offset, seal: seal) != nil { return true }
                offset += TxnLogFormat.alignmentBytes
            }
        }
        offset = fileSize
        return false
    }

    /// Looks through the rest of the file for valid records, after a scan that stopped at `offset`.
    /// The cursor is of no other use afterwards.
    func findLaterEvidence() throws(DiskError) -> LaterEvidence {
        let stopped = offset
        var found = LaterEvidence.nothing
        offset += TxnLogFormat.alignmentBytes
        while offset + TxnLogFormat.recordHeaderBytes <= fileSize {
            let available = try fill(TxnLogFormat.recordHeaderBytes)
            guard available >= TxnLogFormat.recordHeaderBytes else { break }
            let last = offset + available - TxnLogFormat.recordHeaderBytes
            while offset <= last {
                if let later = RecordHeader.decode(place(offset), at: offset, seal: seal) {
                    if later.batchOffset > stopped { return .laterWrite }
                    found = .sameWrite
                }
                offset += TxnLogFormat.alignmentBytes
            }
        }
        return found
    }
}
