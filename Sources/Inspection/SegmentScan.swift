import Storage
import TxnLog
import ZKWire

/// One segment, read from its first record to its end, and on past what is damaged.
struct SegmentScan<D: Disk> {
    let disk: D
    let file: LogFile
    let inspector: SegmentInspector<D>
    let isNewest: Bool
    let watermark: Watermark?
    let filter: LogFilter
    private(set) var summary = LogFileSummary()
    /// The last sound record.
    private(set) var last: ChainPoint
    /// As `last`, as long as the chain up to it is whole.
    private(set) var reached: ChainPoint?

    private static var progressEvery: Int { 16 << 20 }

    init(
        disk: D, file: LogFile, inspector: SegmentInspector<D>, isNewest: Bool,
        watermark: Watermark?, filter: LogFilter
    ) {
        self.disk = disk
        self.file = file
        self.inspector = inspector
        self.isNewest = isNewest
        self.watermark = watermark
        self.filter = filter
        last = inspector.header.previous
        reached = last
        summary.endOffset = Int64(TxnLogFormat.headerBlockBytes)
    }

    mutating func run<V: LogVisitor>(_ visitor: inout V, _ output: Output) {
        var nextProgress = Self.progressEvery
        while true {
            do throws(DiskError) {
                guard try step(&visitor) else { break }
            } catch {
                report(.damage, fault(.unreadable(error)), &visitor)
                reached = nil
                break
            }
            if inspector.offset >= nextProgress {
                output.progress(file.path, Int64(inspector.offset), of: file.sizeBytes)
                nextProgress = inspector.offset + Self.progressEvery
            }
        }
        output.progress(file.path, file.sizeBytes, of: file.sizeBytes)
    }

    mutating func report<V: LogVisitor>(
        _ severity: Finding.Severity, _ fault: LogFault, _ visitor: inout V
    ) {
        let isGone = severity == .damage && !isStillThere
        let finding =
            isGone ? Finding.removed(file.path) : Finding(severity, fault, at: file.path)
        summary.status = max(summary.status, finding.status)
        visitor.found(finding)
    }

    /// A running server purges segments and uses their files again: what looks like damage may be
    /// another segment's beginning.
    private var isStillThere: Bool {
        let opened = try? SegmentInspector.open(disk, file.path)
        return opened?.inspector?.header == inspector.header
    }

    /// False where there is nothing more to be read.
    private mutating func step<V: LogVisitor>(_ visitor: inout V) throws(DiskError) -> Bool {
        switch try inspector.next() {
        case .record(let record):
            if let to = filter.to, record.previous.zxid >= to { return false }
            take(record, &visitor)
            return true
        case .end: return try judge(.cleanEnd, nil, &visitor)
        case .bad(let reason, let zxid):
            return try judge(.badRecord, fault(reason, zxid: zxid), &visitor)
        }
    }

    private mutating func take<V: LogVisitor>(
        _ record: InspectedRecord, _ visitor: inout V
    ) {
        if let expected = reached, record.previous != expected {
            var broken = fault(
                .brokenChain(expected: expected, found: record.previous), zxid: record.point.zxid)
            broken.offset = record.offset
            report(.damage, broken, &visitor)
        }
        do {
            try inspector.forEachTxn(of: record) { zxid, payload in
                deliver(zxid, payload, at: Int64(record.offset), &visitor)
            }
        } catch let undecodable as SegmentInspector<D>.UndecodableBody {
            var broken = fault(undecodable.reason, zxid: record.point.zxid)
            broken.offset = record.offset
            report(.damage, broken, &visitor)
        } catch {
            preconditionFailure("a visit threw \(error)")
        }
        summary.recordCount += 1
        summary.first = summary.first ?? record.previous.zxid.next
        last = record.point
        reached = last
        summary.last = last.zxid
        summary.endOffset = Int64(inspector.offset)
        visitor.record(record.point)
    }

    @inline(__always)
    private mutating func deliver<V: LogVisitor>(
        _ zxid: Zxid, _ payload: ByteView, at offset: Int64, _ visitor: inout V
    ) {
        summary.txnCount += 1
        if summary.txnCount == 1 { summary.first = zxid }
        var reader = JuteReader(payload)
        guard let header = try? reader.readTxnHeader(), header.zxid == zxid else {
            let finding = Finding(
                severity: .damage, path: file.path, offset: offset, zxid: zxid,
                text: "\(file.path) at offset \(offset): the record \(zxid) is whole and holds no"
                    + " transaction of that zxid",
                advice: "Keep the directory and report this")
            summary.status = max(summary.status, finding.status)
            return visitor.found(finding)
        }
        visitor.txn(header, reader.rest, in: file, at: offset)
    }

    // MARK: the end

    /// What it means that no record begins here; true if reading goes on further behind.
    private mutating func judge<V: LogVisitor>(
        _ stop: ScanStop, _ found: LogFault?, _ visitor: inout V
    ) throws(DiskError) -> Bool {
        let later = try inspector.laterEvidence()
        guard isNewest || found != nil || later != .nothing else { return false }
        let verdict =
            isNewest ? RecoveryTable.verdict(stop, later, position) : EndVerdict.corrupt
        switch verdict {
        case .clean, .discardSegment: return false
        case .tornTail:
            report(.torn, found ?? fault(.cutShort), &visitor)
            return false
        case .corrupt:
            report(.damage, found ?? lostFault(later), &visitor)
            reached = nil
            if later == .nothing { return false }
            return try inspector.seekRecord()
        }
    }

    private var position: WatermarkPosition {
        guard let watermark else { return .unknown }
        return watermark.point.zxid > last.zxid ? .beyond : .covered
    }

    private func lostFault(_ later: LaterEvidence) -> LogFault {
        guard later == .nothing, let watermark else { return fault(.cutShort) }
        return fault(.lostTail(durable: watermark.point.zxid))
    }

    private func fault(_ reason: LogFault.Reason, zxid: Zxid? = nil) -> LogFault {
        LogFault(
            file: "", offset: inspector.offset, lastGoodZxid: last.zxid, zxid: zxid,
            reason: reason)
    }
}
