import ZKWire

/// Transactions that follow each other: everything after `after` up to and including `through`, in
/// the history that `through` is the end of. Names alone; nothing of a file.
package struct ZxidSpan: Hashable, Sendable {
    package var after: Zxid
    package var through: Zxid

    package init(after: Zxid, through: Zxid) {
        self.after = after
        self.through = through
    }

    package var isEmpty: Bool { through <= after }
}

extension ZxidSpan: CustomStringConvertible {
    package var description: String { "after zxid \(after) up to \(through)" }
}

/// A part of a segment whose records are sound and continue each other.
struct LogPiece: Equatable, Sendable {
    let file: String
    /// Where the first record begins, and where the last one ends.
    let offset: Int
    var end: Int
    var span: ZxidSpan

    /// A piece that is read through to find a record in it is not longer than about this.
    static let targetBytes = 1 << 20
}

/// Sound records that continue each other, perhaps through several segments.
struct LogRun: Equatable, Sendable {
    var span: ZxidSpan
    /// Of the last record.
    var lastChecksum: UInt32?
    var pieces: [LogPiece] = []

    mutating func add(_ file: String, _ offset: Int, end: Int, _ previous: Zxid, _ last: Zxid) {
        span.through = last
        if let index = pieces.indices.last, pieces[index].file == file,
            pieces[index].end == offset, end - pieces[index].offset <= LogPiece.targetBytes
        {
            pieces[index].end = end
            pieces[index].span.through = last
        } else {
            pieces.append(
                LogPiece(
                    file: file, offset: offset, end: end,
                    span: ZxidSpan(after: previous, through: last)))
        }
    }
}
