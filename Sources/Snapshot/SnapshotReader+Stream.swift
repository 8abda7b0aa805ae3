// A snapshot file as the bytes of a synchronization: what a leader sends without reading its tree.

import Storage
import ZKWire

extension SnapshotReader {
    /// Hands on Apache's stream within one of our files, without its header and seal, as leaders
    /// send it: sessions, access control lists, znodes. All of the file's checksums are checked on
    /// the way, so that a damaged file ends in an error and never in a whole stream.
    ///
    /// - Parameter body: gets pieces that are valid during the call; what it throws ends the reading.
    /// - Throws: `SnapshotError`, or what `body` threw.
    package func streamWireForm(
        _ name: SnapshotName, _ body: (ByteView) throws -> Void
    ) throws {
        precondition(name.encoding == .lz4)
        var source = try openSource(name)
        let footer = try source.readFooter()
        source.end -= Int64(SnapshotFormat.footerSize)
        var window = WireFormWindow(streamSize: Int64(footer.uncompressedSize))
        var codec = LZ4Decompressor()
        var failure: (any Error)?
        while let input = try source.next() {
            try source.naming { () throws(SnapshotFault) in
                try codec.decompress(input) { (chunk) throws(SnapshotFault) in
                    guard failure == nil, let piece = window.take(chunk) else { return }
                    do { try body(piece) } catch { failure = error }
                }
            }
            if let failure { throw failure }
        }
        try source.naming { () throws(SnapshotFault) in
            try codec.finish()
            try window.finish()
        }
    }
}

/// Cuts the header and the seal off a stream of known size.
private struct WireFormWindow {
    private static let headerSize = Int64(SnapshotFormat.streamHeaderSize)
    private let streamSize: Int64
    private var offset: Int64 = 0

    init(streamSize: Int64) { self.streamSize = streamSize }

    /// What of a chunk lies between header and seal.
    mutating func take(_ chunk: ByteView) -> ByteView? {
        let start = offset
        offset += Int64(chunk.count)
        let from = max(WireFormWindow.headerSize, start)
        let to = min(streamSize - Int64(SnapshotFormat.sealSize), offset)
        guard from < to else { return nil }
        return chunk[view: Int(from - start)..<Int(to - start)]
    }

    func finish() throws(SnapshotFault) {
        guard offset == streamSize else {
            throw SnapshotFault(
                .footerDisagrees(field: "uncompressed size", footer: streamSize, found: offset),
                in: .file, at: offset)
        }
    }
}
