import Storage
import ZKWire

/// Puts the records of one write together.
struct RecordEncoder {
    private let writer: ByteWriter
    private let content: ByteWriter
    private let seal: SegmentSeal
    /// Where in the segment the write begins.
    private let batchOffset: Int
    /// The last record so far.
    private(set) var previous: ChainPoint

    init(
        into writer: ByteWriter, content: ByteWriter, at offset: Int, seal: SegmentSeal,
        previous: ChainPoint
    ) {
        precondition(writer.count == 0)
        self.writer = writer
        self.content = content
        self.seal = seal
        self.previous = previous
        batchOffset = offset
    }

    mutating func encodePlain(_ batch: TxnBatch, _ entries: ArraySlice<TxnBatch.Entry>) {
        for entry in entries { encodePlain(entry.zxid, batch.payload(entry)) }
    }

    @inline(__always)
    mutating func encodePlain(_ zxid: Zxid, _ payload: ByteView) {
        let start = beginRecord()
        writer.writeRaw(payload)
        endRecord(.plain, zxid: zxid, at: start)
    }

    /// As one compressed record per piece of `CompressedBody.targetContentBytes`, except where that
    /// saves nothing. A batch ends with a record, so that its last zxid is a point of the chain.
    mutating func encodeCompressed(_ batch: TxnBatch) {
        var first = 0
        while first < batch.count {
            content.removeAll()
            var next = first
            var plainBytes = 0
            while next < batch.count, next == first || isRoom(for: batch.entries[next].length) {
                let entry = batch.entries[next]
                appendEntry(entry.zxid, batch.payload(entry))
                plainBytes += TxnLogFormat.recordBytes(entry.length)
                next += 1
            }
            encodeContent(batch, batch.entries[first..<next], plainBytes)
            first = next
        }
        content.removeAll()
        content.shrink(to: 1 << 20)
    }

    private func isRoom(for length: Int) -> Bool {
        content.count + CompressedBody.entryPrefixBytes + length
            <= CompressedBody.targetContentBytes
    }

    private func appendEntry(_ zxid: Zxid, _ payload: ByteView) {
        let place = content.extend(by: CompressedBody.entryPrefixBytes)
        place.storeLittleEndian(zxid.rawValue, at: 0)
        place.storeLittleEndian(UInt32(payload.count), at: 8)
        content.writeRaw(payload)
    }

    private mutating func encodeContent(
        _ batch: TxnBatch, _ entries: ArraySlice<TxnBatch.Entry>, _ plainBytes: Int
    ) {
        guard let last = entries.last else { return }
        let start = beginRecord()
        let isSmaller = CompressedBody.encode(
            content: content.view, entryCount: entries.count, into: writer,
            below: plainBytes - TxnLogFormat.recordHeaderBytes - TxnLogFormat.alignmentBytes)
        if isSmaller {
            endRecord(.compressed, zxid: last.zxid, at: start)
        } else {
            writer.truncate(to: start)
            encodePlain(batch, entries)
        }
    }

    /// Room for the header; the body follows.
    @inline(__always)
    private func beginRecord() -> Int {
        let start = writer.count
        _ = writer.extend(by: TxnLogFormat.recordHeaderBytes)
        return start
    }

    @inline(__always)
    private mutating func endRecord(_ kind: RecordHeader.Kind, zxid: Zxid, at start: Int) {
        let bodyStart = start + TxnLogFormat.recordHeaderBytes
        let bodyLength = writer.count - bodyStart
        let padding = TxnLogFormat.padded(bodyLength) - bodyLength
        if padding > 0 {
            writer.extend(by: padding).initializeMemory(
                as: UInt8.self, repeating: 0, count: padding)
        }
        let header = RecordHeader(
            kind: kind, bodyLength: bodyLength, zxid: zxid, previous: previous,
            batchOffset: batchOffset,
            bodyChecksum: Checksum.crc32(writer.view[view: bodyStart..<writer.count]), checksum: 0)
        let place = UnsafeMutableRawPointer(
            mutating: writer.view.baseAddress.unsafelyUnwrapped + start)
        previous = ChainPoint(
            zxid: zxid, checksum: header.encode(to: place, at: batchOffset + start, seal: seal))
    }

    /// The zeros behind the last record, which the next write replaces: up to the end of the page,
    /// so that the system need not read a page to have a part of it written.
    func finish(capacity: Int) {
        let end = batchOffset + writer.count + TxnLogFormat.terminatorBytes
        let page = TxnLogFormat.pageBytes
        let count = min((end + page - 1) / page * page, capacity) - batchOffset - writer.count
        writer.extend(by: count).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    }
}
