// Reading the history back, verified: every checksum, every record's link to its predecessor,
// across segments, and where the caller has one, the snapshot's account of a point of it.

import Storage
import ZKWire

/// Reads a log's segments in order. A value: it may be used on another thread than the log's, up to
/// a zxid that is durable.
package struct TxnLogReader<D: Disk>: Sendable {
    let directory: LogDirectory<D>
    let maximumRecordBytes: Int

    /// Reads a log that nobody writes, as tools do.
    package init(disk: D, directory: String, configuration: TxnLogConfiguration) {
        self.init(
            LogDirectory(disk: disk, path: directory),
            maximumRecordBytes: configuration.maximumRecordBytes)
    }

    init(_ directory: LogDirectory<D>, maximumRecordBytes: Int) {
        self.directory = directory
        self.maximumRecordBytes = maximumRecordBytes
    }

    /// Calls `body` with each transaction after `start` up to and including `end`, in order.
    ///
    /// - Parameters:
    ///   - end: a zxid that the log has, durably; it is an error if the history ends before it.
    ///   - point: if given, a point that the history must go through on the way or before it (a
    ///     snapshot's footer). Purging keeps it.
    ///   - body: gets the payload for the time of the call. What it throws ends the replay.
    /// - Throws: `TxnLogError`, or what `body` threw.
    /// - Returns: the point at which the replay ended.
    @discardableResult
    package func replay(
        after start: Zxid, upTo end: Zxid, through point: ChainPoint? = nil,
        _ body: (Zxid, ByteView) throws -> Void
    ) throws -> ChainPoint? {
        guard start < end || point != nil else { return nil }
        let listing = try directory.listSegments()
        // One that begins later is of no matter here.
        if let bad = listing.bad.first(where: { $0.firstZxid <= end }) {
            throw TxnLogError.corrupt(
                LogFault(
                    file: bad.name, offset: 0, lastGoodZxid: start, zxid: bad.firstZxid,
                    reason: bad.reason))
        }
        let segments = listing.segments
        let from = min(start, point?.zxid ?? start)
        guard let first = segments.lastIndex(where: { $0.header.previous.zxid <= from }) else {
            throw TxnLogError.startsLater(
                wanted: from, first: segments.first?.header.previous.zxid ?? .zero)
        }
        var walk = HistoryWalk(
            start: start, end: end, point: point, at: segments[first].header.previous)
        for index in first..<segments.count where walk.reached.zxid < end {
            let next = index + 1 < segments.count ? segments[index + 1] : nil
            try read(segments[index], before: next, &walk, body)
        }
        try walk.check()
        try walk.finish()
        return walk.reached
    }

    private func read(
        _ segment: Segment, before next: Segment?, _ walk: inout HistoryWalk,
        _ body: (Zxid, ByteView) throws -> Void
    ) throws {
        let cursor = try attempt { () throws(DiskError) in
            try SegmentCursor(
                try directory.disk.openForReading(directory.path(of: segment.name)),
                header: segment.header, maximumRecordBytes: maximumRecordBytes)
        }
        try walk.check()
        while walk.reached.zxid < walk.end {
            if let next, walk.reached.zxid >= next.header.previous.zxid {
                return try checkEnd(of: segment, cursor, before: next, walk)
            }
            let offset = cursor.offset
            switch try nextStep(cursor, segment, walk) {
            case .record(let header, let payload):
                guard header.previous == walk.reached else {
                    throw TxnLogError.corrupt(
                        LogFault(
                            file: segment.name, offset: offset, lastGoodZxid: walk.reached.zxid,
                            zxid: header.zxid,
                            reason: .brokenChain(expected: walk.reached, found: header.previous)))
                }
                try walk.deliver(
                    header, payload, limit: maximumRecordBytes, in: segment.name, at: offset, body)
                try walk.check()
            case .end:
                throw try shortfall(of: segment, cursor, before: next, walk, nil)
            case .bad(let reason, let zxid):
                throw try shortfall(of: segment, cursor, before: next, walk, (reason, zxid))
            }
        }
    }

    private func nextStep(
        _ cursor: SegmentCursor<D.File>, _ segment: Segment, _ walk: HistoryWalk
    ) throws(TxnLogError) -> SegmentCursor<D.File>.Step {
        do throws(DiskError) {
            return try cursor.next()
        } catch {
            throw .corrupt(
                LogFault(
                    file: segment.name, offset: cursor.offset, lastGoodZxid: walk.reached.zxid,
                    reason: .unreadable(error)))
        }
    }

    /// A segment ends exactly where the next one begins; it may not continue its own way.
    private func checkEnd(
        of segment: Segment, _ cursor: SegmentCursor<D.File>, before next: Segment,
        _ walk: HistoryWalk
    ) throws(TxnLogError) {
        var fault = LogFault(
            file: segment.name, offset: cursor.offset, lastGoodZxid: walk.reached.zxid,
            reason: .overlap(with: next.name))
        guard walk.reached.zxid == next.header.previous.zxid else { throw .corrupt(fault) }
        guard walk.reached == next.header.previous else {
            throw .otherHistory(expected: next.header.previous, found: walk.reached)
        }
        guard case .record(let header, _) = try nextStep(cursor, segment, walk),
            header.previous == walk.reached
        else { return }
        fault.zxid = header.zxid
        throw .corrupt(fault)
    }

    /// Why a segment's records do not reach where they must.
    private func shortfall(
        of segment: Segment, _ cursor: SegmentCursor<D.File>, before next: Segment?,
        _ walk: HistoryWalk, _ bad: (LogFault.Reason, Zxid?)?
    ) throws(TxnLogError) -> TxnLogError {
        var fault = LogFault(
            file: segment.name, offset: cursor.offset, lastGoodZxid: walk.reached.zxid,
            zxid: bad?.1, reason: .lostTail(durable: next?.header.previous.zxid ?? walk.end))
        if let bad {
            fault.reason = bad.0
            return .corrupt(fault)
        }
        let later = try attempt { () throws(DiskError) in try cursor.findLaterEvidence() }
        if later == .nothing, let next {
            fault.reason =
                walk.reached.zxid < next.header.previous.zxid
                ? .missingRecords(after: walk.reached.zxid, next: next.header.previous.zxid)
                : .overlap(with: next.name)
        } else if later != .nothing {
            // Zeros where a record was.
            fault.reason = .cutShort
        }
        return .corrupt(fault)
    }
}

/// Where a replay has got to, and what it must pass through.
private struct HistoryWalk {
    let start: Zxid
    let end: Zxid
    private var point: ChainPoint?
    private(set) var reached: ChainPoint
    private let scratch = ByteWriter(capacity: 64)

    init(start: Zxid, end: Zxid, point: ChainPoint?, at reached: ChainPoint) {
        self.start = start
        self.end = end
        self.point = point
        self.reached = reached
    }

    @inline(__always)
    mutating func deliver(
        _ header: RecordHeader, _ payload: ByteView, limit: Int, in file: String, at offset: Int,
        _ body: (Zxid, ByteView) throws -> Void
    ) throws {
        if header.kind == .plain {
            if header.zxid > start && header.zxid <= end { try body(header.zxid, payload) }
        } else if header.zxid > start {
            try deliverCompressed(header, payload, limit: limit, in: file, at: offset, body)
        }
        reached = header.point
    }

    private func deliverCompressed(
        _ header: RecordHeader, _ block: ByteView, limit: Int, in file: String, at offset: Int,
        _ body: (Zxid, ByteView) throws -> Void
    ) throws {
        do {
            let count = try CompressedBody.decode(block, into: scratch, limit: limit)
            try CompressedBody.forEachEntry(
                of: scratch.view, count: count, after: header.previous.zxid, last: header.zxid
            ) { zxid, payload in
                if zxid > start && zxid <= end { try body(zxid, payload) }
            }
        } catch let defect as CompressedBody.Defect {
            throw TxnLogError.corrupt(
                LogFault(
                    file: file, offset: offset, lastGoodZxid: header.previous.zxid,
                    zxid: header.zxid, reason: .compressedBody("\(defect)")))
        }
    }

    /// Compares the history with the point once it has got there.
    @inline(__always)
    mutating func check() throws(TxnLogError) {
        guard let point, reached.zxid >= point.zxid else { return }
        guard reached.zxid == point.zxid else { throw .noRecord(point.zxid) }
        guard reached == point else { throw .otherHistory(expected: point, found: reached) }
        self.point = nil
    }

    func finish() throws(TxnLogError) {
        if let point { throw .noRecord(point.zxid) }
    }
}
