import Storage
import TxnLog
import ZKWire

/// One transaction as members exchange it: its predecessor tells where it belongs.
package struct NamedTxn: Equatable, Sendable {
    package var zxid: Zxid
    package var previous: Zxid
    package var payload: [UInt8]

    package init(zxid: Zxid, previous: Zxid, payload: [UInt8]) {
        self.zxid = zxid
        self.previous = previous
        self.payload = payload
    }
}

/// Ends the reading of a log by whoever reads it.
struct EnoughRead: Error {}

extension LogSurvey {
    /// Calls `body` with each sound transaction of `span`, in order, with its predecessor's zxid.
    ///
    /// - Throws: `DiskError`, `SurveyOutdated` if the files are not what they were, or what `body`
    ///   threw; `EnoughRead` only ends it.
    func forEachTxn<D: Disk>(
        in span: ZxidSpan, _ disk: D, _ path: String,
        _ body: (Zxid, _ previous: Zxid, ByteView) throws -> Void
    ) throws {
        do {
            for run in runs where run.span.through > span.after && run.span.after < span.through {
                for piece in run.pieces
                where piece.span.through > span.after && piece.span.after < span.through {
                    try read(piece, span, disk, path, body)
                }
            }
        } catch is EnoughRead {}
    }

    private func read<D: Disk>(
        _ piece: LogPiece, _ span: ZxidSpan, _ disk: D, _ path: String,
        _ body: (Zxid, _ previous: Zxid, ByteView) throws -> Void
    ) throws {
        let opened = try SegmentInspector.open(disk, path + "/" + piece.file)
        guard let inspector = opened.inspector else { throw SurveyOutdated(file: piece.file) }
        inspector.move(to: piece.offset)
        var previous = piece.span.after
        while inspector.offset < piece.end {
            guard case .record(let record) = try inspector.next(),
                record.previous.zxid == previous
            else { throw SurveyOutdated(file: piece.file) }
            try inspector.forEachTxn(of: record) { zxid, payload in
                defer { previous = zxid }
                guard zxid > span.after else { return }
                guard zxid <= span.through else { throw EnoughRead() }
                try body(zxid, previous, payload)
            }
        }
    }
}

/// A file has changed since it was looked through.
struct SurveyOutdated: Error, CustomStringConvertible {
    let file: String
    var description: String { "\(file) is not what it was when it was looked through" }
}
