// What is left of a log: every record that is sound by itself, whatever lies around it, and what the
// records, the segments' headers and the watermark say of those that are not there.
//
//  1. A record counts if its checksums hold at its place in its segment; one after a damaged place
//     names its predecessor, and so tells what is missing between.
//  2. Nothing is changed, and no failure ends it: what cannot be read is missing.
//  3. A torn end, which nobody was told of, is no damage: it is left out by the same table that a
//     start goes by (docs/formats/txnlog.md, "The end of the log").

import Recovery
import Storage
import TxnLog
import ZKWire

package struct LogSurvey: Equatable, Sendable {
    /// In order; between two of them something is missing.
    var runs: [LogRun] = []
    /// The log had at least this transaction, durably; `.zero` if nothing says so.
    var witness = Zxid.zero
    /// What the end may have been is not known.
    var isEndSuspect = false
    /// Records that contradict each other: which of them are the history is not for this server to
    /// say.
    var isInconsistent = false
    /// What is wrong, in words that name file and offset.
    package var faults: [String] = []
    /// The greatest generation in any segment's header.
    var generation: UInt32 = 0
    /// Of the segments; nil if there is none.
    var ensembleID: UInt64?

    /// The last transaction that is there; `.zero` if none is.
    package var last: Zxid { runs.last?.span.through ?? .zero }
    package var spans: [ZxidSpan] { runs.map(\.span) }
}

/// Looks through one log directory.
struct LogSurveyor<D: Disk> {
    let disk: D
    let path: String
    /// What `meta` says; nil if it is lost.
    let base: LogBase?
    private var survey = LogSurvey()
    private var mark: Watermark?
    /// Where the newest segment's records end for the first time, and what was before that.
    private var firstStop: (file: String, offset: Int, runs: [LogRun], isEnd: Bool)?
    /// Where the write began that the last record found was part of.
    private var lastBatchOffset = 0

    init(_ disk: D, _ path: String, base: LogBase?) {
        self.disk = disk
        self.path = path
        self.base = base
    }

    mutating func run() -> LogSurvey {
        let names = ((try? disk.list(path)) ?? []).filter { LogFileNames.firstZxid(of: $0) != nil }
        readWatermark(hasSegments: !names.isEmpty)
        for name in names { look(at: name) }
        decideEnd()
        survey.runs.removeAll { $0.span.isEmpty }
        return survey
    }

    private mutating func readWatermark(hasSegments: Bool) {
        let inspection = try? WatermarkInspection.read(disk, logDirectory: path)
        mark = inspection?.current
        guard let base else { return }
        if let found = mark {
            if found.generation > base.generation {
                survey.isInconsistent = true
                survey.faults.append("the watermark is of a later history than meta")
            }
            let mark = found.relative(to: base)
            self.mark = mark
            survey.witness = mark.point.zxid
        } else {
            survey.faults.append("the watermark in \(path) is not readable")
            // A start that finds no log writes a watermark: without either, a log is gone.
            if !hasSegments { survey.isEndSuspect = true }
        }
    }

    private mutating func look(at name: String) {
        let opened: (inspector: SegmentInspector<D>?, defect: SegmentHeader.Defect?)
        do throws(DiskError) {
            opened = try SegmentInspector.open(disk, path + "/" + name)
        } catch {
            return noteBad(name, "\(error)")
        }
        guard let inspector = opened.inspector else {
            return noteBad(name, opened.defect.map { "\($0)" } ?? "unreadable")
        }
        let header = inspector.header
        guard LogFileNames.firstZxid(of: name) == header.firstZxid else {
            return noteBad(name, "it says that it begins with zxid \(header.firstZxid)")
        }
        survey.generation = max(survey.generation, header.generation)
        survey.ensembleID = header.ensembleID
        if let base {
            // What an install has replaced.
            if header.generation < base.generation { return }
            if header.generation > base.generation { survey.isInconsistent = true }
        }
        begin(header.previous, in: name)
        survey.witness = max(survey.witness, header.previous.zxid)
        firstStop = nil
        read(inspector, name)
    }

    /// Without its header no record of a segment can be believed.
    private mutating func noteBad(_ name: String, _ what: String) {
        let first = LogFileNames.firstZxid(of: name) ?? .zero
        survey.faults.append("\(name): unusable segment header: \(what)")
        // The watermark names a segment, durably, before anything in it is acknowledged.
        if let mark {
            if mark.segmentFirstZxid >= first { survey.witness = max(survey.witness, first) }
            // The newest: after a loss of power it may have had more than the watermark tells.
            if mark.segmentFirstZxid == first { survey.isEndSuspect = true }
        } else {
            survey.isEndSuspect = true
        }
        firstStop = nil
    }

    /// What comes next continues `point`: the present run, or one after something missing.
    private mutating func begin(_ point: ChainPoint, in name: String) {
        guard let last = survey.runs.last else {
            return survey.runs.append(
                LogRun(
                    span: ZxidSpan(after: point.zxid, through: point.zxid),
                    lastChecksum: point.checksum))
        }
        if last.span.through == point.zxid {
            guard let checksum = last.lastChecksum, checksum != point.checksum else { return }
            survey.isInconsistent = true
            survey.faults.append("\(name): it continues another history than what is before it")
        } else if last.span.through > point.zxid {
            survey.isInconsistent = true
            survey.faults.append(
                "\(name): records after zxid \(point.zxid), though there are some up to "
                    + "\(last.span.through) before")
        } else {
            survey.runs.append(
                LogRun(
                    span: ZxidSpan(after: point.zxid, through: point.zxid),
                    lastChecksum: point.checksum))
        }
    }

    private mutating func read(_ inspector: SegmentInspector<D>, _ name: String) {
        do throws(DiskError) {
            while true {
                switch try inspector.next() {
                case .record(let record): add(record, name, end: inspector.offset)
                case .end:
                    stop(name, inspector.offset, isEnd: true)
                    guard try inspector.seekRecord() else { return }
                    survey.faults.append("\(name): zeros before offset \(inspector.offset)")
                case .bad(let reason, let zxid):
                    let fault = LogFault(
                        file: name, offset: inspector.offset, lastGoodZxid: survey.last,
                        zxid: zxid, reason: reason)
                    stop(name, inspector.offset, isEnd: false)
                    survey.faults.append("\(fault)")
                    guard try inspector.seekRecord() else { return }
                }
            }
        } catch {
            stop(name, inspector.offset, isEnd: false)
            survey.faults.append("\(name): unreadable from offset \(inspector.offset) on: \(error)")
            survey.isEndSuspect = survey.isEndSuspect || mark == nil
        }
    }

    private mutating func add(_ record: InspectedRecord, _ name: String, end: Int) {
        guard record.point.zxid > survey.last else {
            survey.isInconsistent = true
            survey.faults.append(
                "\(name): zxid \(record.point.zxid) at offset \(record.offset) comes after "
                    + "\(survey.last)")
            return
        }
        begin(record.previous, in: name)
        lastBatchOffset = record.batchOffset
        let index = survey.runs.count - 1
        guard survey.runs[index].span.through == record.previous.zxid else { return }
        survey.runs[index].add(
            name, record.offset, end: end, record.previous.zxid, record.point.zxid)
        survey.runs[index].lastChecksum = record.point.checksum
    }

    private mutating func stop(_ name: String, _ offset: Int, isEnd: Bool) {
        guard firstStop == nil else { return }
        firstStop = (name, offset, survey.runs, isEnd)
    }

    // MARK: the end

    /// The newest segment's end, by the table that a start goes by.
    private mutating func decideEnd() {
        guard let stop = firstStop else { return }
        let before = stop.runs.last?.span.through ?? .zero
        let hasLater = survey.last > before
        let later: LaterEvidence =
            !hasLater ? .nothing : lastBatchOffset > stop.offset ? .laterWrite : .sameWrite
        let position: WatermarkPosition =
            mark == nil ? .unknown : survey.witness > before ? .beyond : .covered
        switch RecoveryTable.verdict(stop.isEnd ? .cleanEnd : .badRecord, later, position) {
        case .clean, .discardSegment: break
        case .tornTail: survey.runs = stop.runs
        case .corrupt:
            if position == .unknown, later != .laterWrite { survey.isEndSuspect = true }
        }
    }
}
