import ZKWire

/// Turns a file's bytes into the stream within, piece by piece, in bounded memory.
protocol SnapshotDecompressor: ~Copyable {
    /// Hands on all that `input` holds. The views are valid during the call only.
    mutating func decompress(
        _ input: ByteView, _ body: (ByteView) throws(SnapshotFault) -> Void
    ) throws(SnapshotFault)

    /// The file has no more bytes: throws unless the compressed stream is complete.
    func finish() throws(SnapshotFault)
}

/// Apache's default: nothing to undo.
struct PlainDecompressor: SnapshotDecompressor {
    mutating func decompress(
        _ input: ByteView, _ body: (ByteView) throws(SnapshotFault) -> Void
    ) throws(SnapshotFault) {
        try body(input)
    }

    func finish() {}
}
