// One segment for tools: every record with its place in the file and in the chain, and on past what
// is damaged. Decides nothing and changes nothing.

import Storage
import ZKWire

/// A record that is sound in itself. Whether it continues its predecessor is the caller's to check.
package struct InspectedRecord {
    /// In bytes from the start of the file.
    package let offset: Int
    /// Of the record's last transaction, with the record's own checksum.
    package let point: ChainPoint
    package let previous: ChainPoint
    package let isCompressed: Bool
    /// Where the write that the record was part of began.
    package let batchOffset: Int
    /// Valid until the next step.
    let body: ByteView
}

/// Steps through the records of one file.
package final class SegmentInspector<D: Disk> {
    package enum Step {
        case record(InspectedRecord)
        /// Zeros behind the last record, or the end of the file.
        case end
        case bad(LogFault.Reason, zxid: Zxid?)
    }

    package let header: SegmentHeader
    package let sizeBytes: Int
    private let cursor: SegmentCursor<D.File>
    private let scratch = ByteWriter(capacity: 64)
    private let maximumRecordBytes: Int

    private init(_ cursor: SegmentCursor<D.File>, _ header: SegmentHeader, _ limit: Int) {
        self.cursor = cursor
        self.header = header
        maximumRecordBytes = limit
        sizeBytes = cursor.fileSize
    }

    /// Opens the segment at `path`; `defect` is set, and there is no inspector, where its header is
    /// unusable: then no record in it can be believed.
    package static func open(
        _ disk: D, _ path: String, maximumRecordBytes: Int = 128 << 20
    ) throws(DiskError) -> (inspector: SegmentInspector<D>?, defect: SegmentHeader.Defect?) {
        let file = try disk.openForReading(path)
        let block = try file.readBytes(TxnLogFormat.headerBlockBytes, at: 0)
        switch block.withByteView({ SegmentHeader.decode($0) }) {
        case .success(let header):
            let cursor = try SegmentCursor(
                file, header: header, maximumRecordBytes: maximumRecordBytes)
            return (SegmentInspector(cursor, header, maximumRecordBytes), nil)
        case .failure(let error):
            return (nil, error.defect)
        }
    }

    /// Where the next record begins, or where the last step stopped.
    package var offset: Int { cursor.offset }

    /// Goes on to a place at which a record begins, as an earlier look at the same file has found.
    package func move(to offset: Int) {
        precondition(offset >= cursor.offset, "back from \(cursor.offset) to \(offset)")
        cursor.offset = offset
    }

    package func next() throws(DiskError) -> Step {
        let offset = cursor.offset
        switch try cursor.next() {
        case .end: return .end
        case .bad(let reason, let zxid): return .bad(reason, zxid: zxid)
        case .record(let header, let body):
            return .record(
                InspectedRecord(
                    offset: offset, point: header.point, previous: header.previous,
                    isCompressed: header.kind == .compressed, batchOffset: header.batchOffset,
                    body: body))
        }
    }

    /// Goes on to the next place, past the one where a step ended or found something bad, at which a
    /// sound record begins; false, and at the end of the file, if there is none.
    package func seekRecord() throws(DiskError) -> Bool {
        while try cursor.seekHeader() {
            let place = cursor.offset
            if case .record = try cursor.next() {
                cursor.offset = place
                return true
            }
        }
        return false
    }

    /// What lies behind the place where the last step stopped; the place stays.
    package func laterEvidence() throws(DiskError) -> LaterEvidence {
        let other = try SegmentCursor(
            cursor.file, header: header, maximumRecordBytes: maximumRecordBytes)
        other.offset = cursor.offset
        return try other.findLaterEvidence()
    }

    /// Calls `body` with each transaction of the record that the last step returned.
    /// - Throws: `LogFault.Reason` in `UndecodableBody` if the compressed body does not decode, or
    ///   what `body` threw.
    package func forEachTxn(
        of record: InspectedRecord, _ body: (Zxid, ByteView) throws -> Void
    ) throws {
        guard record.isCompressed else { return try body(record.point.zxid, record.body) }
        do {
            let count = try CompressedBody.decode(
                record.body, into: scratch, limit: maximumRecordBytes)
            try CompressedBody.forEachEntry(
                of: scratch.view, count: count, after: record.previous.zxid,
                last: record.point.zxid, body)
        } catch let defect as CompressedBody.Defect {
            throw UndecodableBody(reason: .compressedBody("\(defect)"))
        }
    }

    package struct UndecodableBody: Error {
        package let reason: LogFault.Reason
    }
}
