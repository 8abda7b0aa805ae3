import Snapshot
import Storage
import TxnLog
import ZKWire

/// A log of ours, opened through an overlay.
struct OwnLog<D: Disk> {
    private let reader: TxnLogReader<OverlayDisk<D>>
    /// A replay can begin here or later.
    let startsAfter: Zxid
    /// The last transaction, or why that cannot be told.
    let end: Result<Zxid, TxnLogError>
    /// What was cut off at the end, in words.
    let note: String?
    /// The last record, if the end is sound.
    private let last: ChainPoint?

    /// - Parameter origin: whose log it has to be; nil takes the newest segment's word for it.
    init(_ disk: D, _ path: String, origin: SnapshotOrigin?) throws(MaintenanceError) {
        let overlay = OverlayDisk(disk)
        let plain = TxnLogReader(
            disk: overlay, directory: path,
            configuration: TxnLogConfiguration(ensembleID: 0, saltSeed: 0))
        let segments = try onLog(path) { () throws(TxnLogError) in
            try plain.segments(toleratesBad: true)
        }
        let mark = try onLog(path) { () throws(TxnLogError) in try plain.watermark() }
        let newest = segments.last?.header
        let generation = origin?.generation ?? newest?.generation ?? mark?.generation ?? 0
        let first = segments.first { $0.header.generation == generation }?.header.previous
        let base = LogBase(generation: generation, point: first ?? mark?.point ?? .origin)
        startsAfter = base.point.zxid
        do throws(TxnLogError) {
            let opened = try TxnLog.open(
                disk: overlay, directory: path,
                configuration: TxnLogConfiguration(
                    ensembleID: origin?.ensembleID ?? newest?.ensembleID ?? 0, saltSeed: 0),
                base: base)
            try opened.log.close()
            last = opened.log.last
            end = .success(opened.log.lastZxid)
            note = Self.note(opened.report)
        } catch {
            last = nil
            end = .failure(Self.placed(error))
            note = nil
        }
        reader = plain
    }

    private static func note(_ report: RecoveryReport) -> String? {
        switch report.verdict {
        case .clean:
            report.isWatermarkKnown
                ? nil : "the log has no readable watermark, so that a lost end would not be noticed"
        case .tornTail(let file, let offset, _):
            "left out the unfinished write at offset \(offset) of \(file): never acknowledged"
        case .discardedSegment(let file, _):
            "left out \(file), which was being made: nothing in it was acknowledged"
        }
    }

    /// Before a segment whose header is unusable lies what its name says, however little had been
    /// read when that was noticed.
    private static func placed(_ error: TxnLogError) -> TxnLogError {
        guard case .corrupt(var fault) = error,
            let first = LogFileNames.firstZxid(of: fault.file), first.counter > 1
        else { return error }
        switch fault.reason {
        case .segmentHeader,
            .unreadable where fault.offset == 0:
            fault.lastGoodZxid = max(fault.lastGoodZxid, Zxid(rawValue: first.rawValue - 1))
            return .corrupt(fault)
        default: return error
        }
    }

    /// See `History.forEach`.
    func forEach(
        after start: Zxid, upTo end: Zxid, through point: ChainPoint?, path: String,
        _ body: (Zxid, ByteView) throws(DecodeError) -> Void
    ) throws(MaintenanceError) -> History<D>.Reached {
        var zxid = start
        do {
            if let point, let last, point.zxid == last.zxid, point != last {
                throw TxnLogError.otherHistory(expected: point, found: last)
            }
            // At the very end there is nothing to read, and perhaps no segment to read it from.
            let isAtEnd = last.map { $0.zxid <= start } ?? false
            if !isAtEnd {
                try reader.replay(after: start, upTo: end, through: point) { next, payload in
                    zxid = next
                    try body(next, payload)
                }
            }
        } catch let error as TxnLogError {
            throw .log(directory: path, Self.placed(error))
        } catch let error as DecodeError {
            throw .undecodable(path: path, zxid: zxid, "\(error)")
        } catch {
            preconditionFailure("the replay threw \(error)")
        }
        return History<D>.Reached(zxid: zxid, isEnd: zxid == last?.zxid)
    }
}
