// Our own segments, in order, as far as they can be read. What the end of the newest one means is
// decided by the log's own table, so that a walk calls torn and damaged what a start would.
import Storage
import TxnLog
import ZKWire

struct OwnLogWalk<D: Disk> {
    let disk: D
    let output: Output
    /// What is known to have been synced; nil if nothing tells.
    let watermark: Watermark?
    var filter = LogFilter()
    /// False if the log goes on in files that are not walked.
    var isEndIncluded = true
    /// The last record, if nothing is missing up to it.
    private(set) var reached: ChainPoint?
    private(set) var status = InspectionStatus.clean

    init(_ disk: D, _ output: Output, watermark: Watermark?) {
        self.disk = disk
        self.output = output
        self.watermark = watermark
    }

    mutating func run<V: LogVisitor>(
        _ paths: [String], _ visitor: inout V
    ) throws(InspectionError) {
        for (index, path) in paths.enumerated() {
            let isLast = index == paths.count - 1
            if !isLast, let from = filter.from,
                let next = LogFileNames.firstZxid(of: fileName(of: paths[index + 1])), next <= from
            {
                continue
            }
            if let to = filter.to, let first = LogFileNames.firstZxid(of: fileName(of: path)),
                first > to
            {
                return
            }
            try walk(path, isNewest: isLast && isEndIncluded, &visitor)
        }
    }

    private mutating func walk<V: LogVisitor>(
        _ path: String, isNewest: Bool, _ visitor: inout V
    ) throws(InspectionError) {
        guard
            let opened = try ifPresent({ () throws(DiskError) in
                try SegmentInspector.open(disk, path)
            })
        else {
            reached = nil
            return visitor.found(.removed(path))
        }
        guard let inspector = opened.inspector else {
            return report(opened.defect, path, isNewest: isNewest, &visitor)
        }
        let file = LogFile(
            path: path, origin: .own, sizeBytes: Int64(inspector.sizeBytes),
            header: inspector.header)
        visitor.begin(file)
        var scan = SegmentScan(
            disk: disk, file: file, inspector: inspector, isNewest: isNewest,
            watermark: watermark, filter: filter)
        checkLink(file, &scan, &visitor)
        scan.run(&visitor, output)
        reached = scan.reached
        note(scan.summary.status)
        visitor.end(file, scan.summary)
    }

    /// A segment continues where the one before it ended.
    private func checkLink<V: LogVisitor>(
        _ file: LogFile, _ scan: inout SegmentScan<D>, _ visitor: inout V
    ) {
        guard let reached, let previous = file.header?.previous, previous != reached else { return }
        let reason: LogFault.Reason =
            previous.zxid > reached.zxid
            ? .missingRecords(after: reached.zxid, next: previous.zxid)
            : previous.zxid == reached.zxid
                ? .brokenChain(expected: reached, found: previous)
                : .overlap(with: fileName(of: file.path))
        scan.report(
            .damage, LogFault(file: "", offset: 0, lastGoodZxid: reached.zxid, reason: reason),
            &visitor)
    }

    /// Without a header no record in the file can be believed.
    private mutating func report<V: LogVisitor>(
        _ defect: SegmentHeader.Defect?, _ path: String, isNewest: Bool, _ visitor: inout V
    ) {
        guard let defect else { return }
        let first = LogFileNames.firstZxid(of: fileName(of: path)) ?? .zero
        let position: WatermarkPosition =
            watermark.map { $0.segmentFirstZxid < first ? .covered : .beyond } ?? .unknown
        let verdict = RecoveryTable.verdict(
            .badHeader, isNewest ? .nothing : .laterWrite, position)
        let isHarmless = isNewest && verdict == .discardSegment
        let size = (try? disk.openForReading(path).sizeBytes()) ?? 0
        let file = LogFile(path: path, origin: .own, sizeBytes: size)
        visitor.begin(file)
        let finding = Finding(
            isHarmless ? .torn : .damage,
            LogFault(
                file: "", offset: 0, lastGoodZxid: reached?.zxid ?? .zero,
                reason: .segmentHeader(defect)),
            at: path)
        visitor.found(finding)
        reached = nil
        note(finding.status)
        visitor.end(file, LogFileSummary(status: finding.status))
    }

    private mutating func note(_ found: InspectionStatus) { status = max(status, found) }
}
