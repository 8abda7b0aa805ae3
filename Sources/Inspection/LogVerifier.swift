import TxnLog
import ZKWire

/// Gathers what a walk over log files finds, a line a file, and the points that snapshots name.
struct LogVerifier: LogVisitor {
    private(set) var verification: Verification
    /// Zxids that snapshots begin at, ascending, and the records found there.
    private let wanted: [Zxid]
    private var nextWanted = 0
    private(set) var points: [Zxid: ChainPoint] = [:]
    private(set) var startsAfter: Zxid?
    private(set) var last: Zxid?
    private var findings: [Finding] = []

    init(_ verification: Verification, wanted: [Zxid]) {
        self.verification = verification
        self.wanted = wanted.sorted()
    }

    mutating func begin(_ file: LogFile) {
        findings = []
        guard let previous = file.header?.previous else { return }
        if startsAfter == nil { startsAfter = previous.zxid }
        record(previous)
    }

    @inline(__always)
    mutating func record(_ point: ChainPoint) {
        if nextWanted < wanted.count, point.zxid >= wanted[nextWanted] { note(point) }
    }

    private mutating func note(_ point: ChainPoint) {
        while nextWanted < wanted.count, wanted[nextWanted] <= point.zxid {
            if wanted[nextWanted] == point.zxid { points[point.zxid] = point }
            nextWanted += 1
        }
    }

    @inline(__always)
    mutating func txn(
        _ header: TxnHeader, _ record: ByteView, in file: LogFile, at offset: Int64
    ) {
        var reader = JuteReader(record)
        do throws(DecodeError) {
            _ = try reader.readTxn(type: header.type)
        } catch {
            findings.append(
                Finding(
                    severity: .damage, path: file.path, offset: offset, zxid: header.zxid,
                    text: "\(file.path) at offset \(offset): the record \(header.zxid) is whole and"
                        + " is no transaction (\(error))",
                    advice: "Keep the directory and report this"))
        }
    }

    mutating func found(_ finding: Finding) { findings.append(finding) }

    mutating func end(_ file: LogFile, _ summary: LogFileSummary) {
        if let found = summary.last { last = found }
        var what = "no records"
        if let first = summary.first, let last = summary.last {
            what = "\(summary.txnCount) transactions, \(first) to \(last)"
            if summary.recordCount != summary.txnCount {
                what += ", in \(summary.recordCount) records"
            }
        }
        verification.add(file.path, what, findings, bytes: file.sizeBytes)
        findings = []
    }
}
