/// Finds the headers of replies in a stream and skips what follows them.
struct ReplyScanner {
    private var skipBytes = 0
    private var partial: [UInt8] = []

    @inline(__always)
    mutating func next(in bytes: inout UnsafeRawBufferPointer) throws(BenchError) -> ReplyHeader? {
        if skipBytes > 0 {
            let skipped = min(skipBytes, bytes.count)
            bytes = UnsafeRawBufferPointer(rebasing: bytes[skipped...])
            skipBytes -= skipped
        }
        guard !bytes.isEmpty else { return nil }
        if !partial.isEmpty || bytes.count < ReplyHeader.sizeBytes {
            return try nextOfPieces(in: &bytes)
        }
        return try take(ReplyHeader(bytes.baseAddress.unsafelyUnwrapped), from: &bytes, 0)
    }

    /// Consumes `header`, of which `heldBytes` came earlier, and leaves its body to be skipped.
    @inline(__always)
    private mutating func take(
        _ header: ReplyHeader, from bytes: inout UnsafeRawBufferPointer, _ heldBytes: Int
    ) throws(BenchError) -> ReplyHeader {
        let total = header.lengthBytes + 4
        guard total >= ReplyHeader.sizeBytes else {
            throw BenchError("a reply of \(header.lengthBytes) bytes")
        }
        let inBuffer = min(total - heldBytes, bytes.count)
        skipBytes = total - heldBytes - inBuffer
        bytes = UnsafeRawBufferPointer(rebasing: bytes[inBuffer...])
        return header
    }

    /// A header of which only a part came with one read.
    @inline(never)
    private mutating func nextOfPieces(
        in bytes: inout UnsafeRawBufferPointer
    ) throws(BenchError) -> ReplyHeader? {
        let held = partial.count
        let missing = ReplyHeader.sizeBytes - held
        partial += bytes.prefix(missing)
        guard partial.count == ReplyHeader.sizeBytes else {
            bytes = UnsafeRawBufferPointer(rebasing: bytes[bytes.count...])
            return nil
        }
        let header = partial.withUnsafeBytes { ReplyHeader($0.baseAddress.unsafelyUnwrapped) }
        partial.removeAll(keepingCapacity: true)
        return try take(header, from: &bytes, held)
    }
}
