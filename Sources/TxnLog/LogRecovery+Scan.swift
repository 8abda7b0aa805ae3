import Storage
import ZKWire

/// Where the log ends, and what its last record is.
struct EndScan {
    var last: ChainPoint
    /// Behind the last sound record.
    var offset: Int
    /// Where the write that the last record was part of began.
    var lastBatchOffset: Int
    var isTorn: Bool
}

extension LogRecovery {
    /// Scans the newest segment; if it has no record, discards it and scans the one before. nil if
    /// no segment is left.
    mutating func findEnd() throws(TxnLogError) -> EndScan? {
        while let newest = segments.last {
            let scan = try scanEnd(of: newest)
            if scan.offset > TxnLogFormat.headerBlockBytes { return scan }
            discarded.append(newest.name)
            segments.removeLast()
            // Its header was made durable only after all that it continues.
            requireDurable(newest.header.previous)
        }
        if let durable, durable.point.zxid > base.point.zxid {
            throw .corrupt(lostTail(durable, after: base.point.zxid))
        }
        return nil
    }

    private mutating func requireDurable(_ point: ChainPoint) {
        if let durable, durable.point.zxid >= point.zxid { return }
        durable = Watermark(
            generation: base.generation, segmentFirstZxid: durable?.segmentFirstZxid ?? .zero,
            endOffset: 0, point: point)
    }

    private mutating func scanEnd(of segment: Segment) throws(TxnLogError) -> EndScan {
        let cursor = try attempt { () throws(DiskError) in
            try SegmentCursor(
                try directory.disk.openForReading(directory.path(of: segment.name)),
                header: segment.header, maximumRecordBytes: configuration.maximumRecordBytes)
        }
        var scan = EndScan(
            last: segment.header.previous, offset: TxnLogFormat.headerBlockBytes,
            lastBatchOffset: TxnLogFormat.headerBlockBytes, isTorn: false)
        let stop = try readToEnd(cursor, &scan)
        var fault = LogFault(
            file: segment.name, offset: scan.offset, lastGoodZxid: scan.last.zxid,
            zxid: stop.zxid, reason: stop.reason ?? .cutShort)
        var later = LaterEvidence.nothing
        if stop.kind == .cleanEnd || stop.kind == .badRecord {
            do throws(DiskError) {
                later = try cursor.findLaterEvidence()
            } catch {
                fault.reason = .unreadable(error)
                throw .corrupt(fault)
            }
        }
        switch RecoveryTable.verdict(stop.kind, later, position(of: scan.last)) {
        case .clean: break
        case .tornTail:
            scan.isTorn = true
            report.verdict = .tornTail(
                file: segment.name, offset: scan.offset, reason: stop.reason)
        case .corrupt:
            if let durable, stop.kind == .cleanEnd, later == .nothing {
                fault = lostTail(durable, after: scan.last.zxid, in: segment, at: scan.offset)
            }
            throw .corrupt(fault)
        case .discardSegment: preconditionFailure("\(segment.name) has a header")
        }
        return scan
    }

    private struct Stop {
        var kind: ScanStop
        var reason: LogFault.Reason?
        var zxid: Zxid?
    }

    /// Follows the chain as far as it goes; `scan` is then at the last sound record.
    private func readToEnd(
        _ cursor: SegmentCursor<D.File>, _ scan: inout EndScan
    ) throws(TxnLogError) -> Stop {
        try compareWithWatermark(scan.last, after: nil)
        while true {
            let step: SegmentCursor<D.File>.Step
            do throws(DiskError) {
                step = try cursor.next()
            } catch {
                return Stop(kind: .readError, reason: .unreadable(error))
            }
            switch step {
            case .end: return Stop(kind: .cleanEnd)
            case .bad(let reason, let zxid):
                return Stop(kind: .badRecord, reason: reason, zxid: zxid)
            case .record(let header, _):
                guard header.previous == scan.last, header.zxid > scan.last.zxid else {
                    return Stop(
                        kind: .brokenChain,
                        reason: .brokenChain(expected: scan.last, found: header.previous),
                        zxid: header.zxid)
                }
                try compareWithWatermark(header.point, after: scan.last.zxid)
                scan.last = header.point
                scan.offset = cursor.offset
                scan.lastBatchOffset = header.batchOffset
            }
        }
    }

    /// The history must go through the point that was durable.
    @inline(__always)
    private func compareWithWatermark(
        _ point: ChainPoint, after previous: Zxid?
    ) throws(TxnLogError) {
        guard let mark = durable?.point, mark.zxid <= point.zxid else { return }
        if mark.zxid == point.zxid {
            if mark != point { throw .otherHistory(expected: mark, found: point) }
        } else if let previous, mark.zxid > previous {
            throw .noRecord(mark.zxid)
        }
    }

    private func position(of last: ChainPoint) -> WatermarkPosition {
        guard let durable else { return .unknown }
        return durable.point.zxid > last.zxid ? .beyond : .covered
    }

    /// The segment that the watermark names may be gone altogether.
    private func lostTail(
        _ durable: Watermark, after last: Zxid, in segment: Segment? = nil, at offset: Int = 0
    ) -> LogFault {
        var fault = LogFault(
            file: segment?.name ?? LogFileName.segment(first: durable.segmentFirstZxid),
            offset: offset, lastGoodZxid: last, reason: .lostTail(durable: durable.point.zxid))
        if let segment, durable.segmentFirstZxid > segment.header.firstZxid {
            fault.file = LogFileName.segment(first: durable.segmentFirstZxid)
            fault.offset = 0
        }
        return fault
    }
}
