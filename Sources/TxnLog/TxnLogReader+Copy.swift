// What a backup needs to know of a log that it copies: which segments there are, how far their
// records go, and how far the whole is known to be durable.

import Storage
import ZKWire

/// A segment of a log, as its name and header state it.
package struct SegmentSummary: Equatable, Sendable {
    package let name: String
    package let header: SegmentHeader
    package let sizeBytes: Int
}

extension TxnLogReader {
    /// The segments whose headers can be used, oldest first.
    ///
    /// - Parameter toleratesBad: leaves out what has no usable header, for a caller that notices it
    ///   when it reads that far.
    /// - Throws: `corrupt` for a segment whose header cannot, unless it is newer than all others:
    ///   that is one being made.
    package func segments(
        toleratesBad: Bool = false
    ) throws(TxnLogError) -> [SegmentSummary] {
        let listing = try directory.listSegments()
        if !toleratesBad, let bad = listing.bad.first, let newest = listing.segments.last,
            bad.firstZxid < newest.header.firstZxid
        {
            throw .corrupt(
                LogFault(
                    file: bad.name, offset: 0, lastGoodZxid: .zero, zxid: bad.firstZxid,
                    reason: bad.reason))
        }
        return listing.segments.map {
            SegmentSummary(name: $0.name, header: $0.header, sizeBytes: $0.sizeBytes)
        }
    }

    /// Where in a segment the records up to `end` are over. Behind them lie zeros, or what the file
    /// held in a former life. A damaged record ends them too; whoever copies verifies the copy.
    package func endOffset(
        of segment: SegmentSummary, upTo end: Zxid
    ) throws(TxnLogError) -> Int {
        try attempt { () throws(DiskError) in
            let file = try directory.disk.openForReading(directory.path(of: segment.name))
            defer { file.close() }
            let cursor = try SegmentCursor(
                file, header: segment.header, maximumRecordBytes: maximumRecordBytes)
            var offset = cursor.offset
            while case .record(let header, _) = try cursor.next(), header.zxid <= end {
                offset = cursor.offset
            }
            return offset
        }
    }

    /// What the watermark says; nil if it is missing or unreadable.
    package func watermark() throws(TxnLogError) -> Watermark? {
        guard directory.exists(LogFileName.watermark) else { return nil }
        return try attempt { () throws(DiskError) in
            let file = try directory.disk.openForReading(directory.path(of: LogFileName.watermark))
            defer { file.close() }
            return try WatermarkFile(file).current
        }
    }

    /// Gives a copied log its watermark, so that the loss of its end would be noticed. Durable with
    /// the next sync of the directory. Returns the file's name.
    package func store(_ mark: Watermark) throws(TxnLogError) -> String {
        try attempt { () throws(DiskError) in
            let file = try directory.disk.create(directory.path(of: LogFileName.watermark))
            defer { file.close() }
            try WatermarkFile(file).replace(with: mark)
        }
        return LogFileName.watermark
    }
}

extension Watermark {
    /// Of a log that ends at `point`, without a segment.
    package init(generation: UInt32, point: ChainPoint) {
        self.init(
            generation: generation, segmentFirstZxid: .zero, endOffset: 0, point: point)
    }
}
