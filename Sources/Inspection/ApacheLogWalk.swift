// Apache's log files, in order, as far as they can be read.
import Recovery
import Storage
import ZKWire

struct ApacheLogWalk<D: Disk> {
    let disk: D
    let output: Output
    var filter = LogFilter()
    /// False if the log goes on in files that are not walked.
    var isEndIncluded = true
    /// The last transaction, if what came before it is known.
    private(set) var last: Zxid?
    private(set) var status = InspectionStatus.clean
    private var summary = LogFileSummary()

    init(_ disk: D, _ output: Output) {
        self.disk = disk
        self.output = output
    }

    mutating func run<V: LogVisitor>(
        _ paths: [String], _ visitor: inout V
    ) throws(InspectionError) {
        for (index, path) in paths.enumerated() {
            let isLast = index == paths.count - 1
            if !isLast, let from = filter.from,
                let next = apacheLogZxid(fileName(of: paths[index + 1])), next <= from
            {
                continue
            }
            if let to = filter.to, let first = apacheLogZxid(fileName(of: path)), first > to {
                return
            }
            try walk(path, isNewest: isLast && isEndIncluded, &visitor)
        }
    }

    private mutating func walk<V: LogVisitor>(
        _ path: String, isNewest: Bool, _ visitor: inout V
    ) throws(InspectionError) {
        let opened = try reading { () throws(DiskError) in
            (
                try ApacheLogInspector(disk, path),
                try disk.openForReading(path).sizeBytes()
            )
        }
        let file = LogFile(path: path, origin: .apache, sizeBytes: opened.1)
        summary = LogFileSummary()
        visitor.begin(file)
        do throws(DiskError) {
            while try step(opened.0, file, isNewest: isNewest, &visitor) {}
        } catch {
            report(.damage, "\(error)", file, at: opened.0.offset, &visitor)
        }
        output.progress(path, file.sizeBytes, of: file.sizeBytes)
        status = max(status, summary.status)
        visitor.end(file, summary)
    }

    private mutating func step<V: LogVisitor>(
        _ inspector: ApacheLogInspector<D>, _ file: LogFile, isNewest: Bool, _ visitor: inout V
    ) throws(DiskError) -> Bool {
        switch try inspector.next() {
        case .payload(let payload):
            return take(payload, file, at: inspector.offset, &visitor)
        case .end:
            summary.endOffset = inspector.offset
            return false
        case .torn:
            summary.endOffset = inspector.offset
            report(
                isNewest ? .torn : .damage, "the last record is not complete", file,
                at: inspector.offset, &visitor)
            return false
        case .bad(let defect):
            report(.damage, "\(defect)", file, at: inspector.offset, &visitor)
            last = nil
            return try inspector.skip(defect)
        }
    }

    private mutating func take<V: LogVisitor>(
        _ payload: ByteView, _ file: LogFile, at offset: Int64, _ visitor: inout V
    ) -> Bool {
        var reader = JuteReader(payload)
        guard let header = try? reader.readTxnHeader() else {
            report(.damage, "the record holds no transaction", file, at: offset, &visitor)
            return true
        }
        if let to = filter.to, header.zxid > to { return false }
        if let last, !Self.canFollow(header.zxid, after: last) {
            report(
                .damage, "after zxid \(last) comes \(header.zxid): records are missing", file,
                at: offset, zxid: header.zxid, &visitor)
        }
        last = header.zxid
        summary.recordCount += 1
        summary.txnCount += 1
        summary.first = summary.first ?? header.zxid
        summary.last = header.zxid
        if summary.recordCount & 0x3FFF == 0 {
            output.progress(file.path, offset, of: file.sizeBytes)
        }
        visitor.txn(header, reader.rest, in: file, at: offset)
        return true
    }

    /// The next one of the epoch, or the first of a later epoch.
    private static func canFollow(_ next: Zxid, after last: Zxid) -> Bool {
        next == last.next || (next.epoch > last.epoch && next.counter == 1)
    }

    private mutating func report<V: LogVisitor>(
        _ severity: Finding.Severity, _ what: String, _ file: LogFile, at offset: Int64,
        zxid: Zxid? = nil, _ visitor: inout V
    ) {
        let finding = Finding(
            severity: severity, path: file.path, offset: offset, zxid: zxid,
            text: "\(file.path) at offset \(offset)"
                + (last.map { " (after zxid \($0))" } ?? "") + ": \(what)",
            advice: severity == .torn
                ? Finding.tornLog
                : "An import refuses it: take the file from another member, or leave it out with"
                    + " all after it")
        summary.status = max(summary.status, finding.status)
        visitor.found(finding)
    }
}
