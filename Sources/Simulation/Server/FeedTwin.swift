import ZKWire

/// The bytes of a snapshot between the port and the log's thread (`SnapshotFeed`).
final class FeedTwin {
    private var pieces: [[UInt8]] = []
    private(set) var isClosed = false
    /// There is something to take, or nothing will come.
    var onInput: () -> Void = {}

    var hasInput: Bool { !pieces.isEmpty || isClosed }

    func push(_ view: ByteView) {
        guard view.count > 0 else { return }
        pieces.append([UInt8](view))
        onInput()
    }

    func close() {
        isClosed = true
        onInput()
    }

    func next() -> [UInt8]? { pieces.isEmpty ? nil : pieces.removeFirst() }

    func putBack(_ rest: ArraySlice<UInt8>) {
        if !rest.isEmpty { pieces.insert(Array(rest), at: 0) }
    }

    /// What came behind the snapshot.
    func takeRest() -> [UInt8] {
        defer { pieces = [] }
        return Array(pieces.joined())
    }
}
