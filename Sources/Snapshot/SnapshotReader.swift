// Reads one snapshot file, ours or Apache's, with all its checks, into a sink.
import Storage
import ZKWire

/// What was read: returned only if every check passed.
package struct SnapshotDescription: Equatable, Sendable {
    package let name: SnapshotName
    package let fileSize: Int64
    package let content: SnapshotContentSummary
    /// nil for Apache's files.
    package let footer: SnapshotFooter?

    /// The log must reach this zxid before the tree is a state that has existed. Apache's files do
    /// not say it where they have no digest; then it is taken to be the start.
    package var endZxid: Zxid {
        footer?.endZxid ?? max(content.digest?.zxid ?? .zero, content.lastZxid ?? .zero, name.zxid)
    }
}

/// Reads snapshots of one directory.
package struct SnapshotReader<D: Disk>: Sendable {
    private let disk: D
    private let directory: String
    private let limits: SnapshotLimits

    package init(_ disk: D, directory: String, limits: SnapshotLimits = SnapshotLimits()) {
        self.disk = disk
        self.directory = directory
        self.limits = limits
    }

    /// Reads the file `name` into `sink`. If it throws, the sink holds nothing of use.
    /// - Parameter progress: called with the bytes of the file read so far, every 256 KiB.
    package func load<Sink: SnapshotSink & ~Copyable>(
        _ name: SnapshotName, into sink: inout Sink, progress: @escaping (Int64) -> Void = { _ in }
    ) throws(SnapshotError) -> SnapshotDescription {
        var source = try FileSource(disk, directory + "/" + name.fileName, progress: progress)
        let size = source.end
        switch name.encoding {
        case .lz4:
            let footer = try source.readFooter()
            source.end -= Int64(SnapshotFormat.footerSize)
            let content = try decode(&source, LZ4Decompressor(), into: &sink)
            let found = SnapshotDescription(
                name: name, fileSize: size, content: content, footer: footer)
            try source.naming { () throws(SnapshotFault) in try footer.check(found, source.end) }
            return found
        case .plain:
            return SnapshotDescription(
                name: name, fileSize: size,
                content: try decode(&source, PlainDecompressor(), into: &sink), footer: nil)
        case .gzip:
            return SnapshotDescription(
                name: name, fileSize: size,
                content: try decode(&source, GzipDecompressor(), into: &sink), footer: nil)
        case .snappy:
            let codec = SnappyDecompressor(limit: limits.maximumSnappyBlockBytes)
            return SnapshotDescription(
                name: name, fileSize: size, content: try decode(&source, codec, into: &sink),
                footer: nil)
        }
    }

    /// Reads and checks a file without keeping anything of it.
    package func verify(_ name: SnapshotName) throws(SnapshotError) -> SnapshotDescription {
        var sink = DiscardingSink()
        return try load(name, into: &sink)
    }

    /// Reads the footer alone: what one of our files says of itself, its content unchecked.
    package func footer(of name: SnapshotName) throws(SnapshotError) -> SnapshotFooter {
        precondition(name.encoding == .lz4)
        return try FileSource(disk, directory + "/" + name.fileName) { _ in }.readFooter()
    }

    func openSource(_ name: SnapshotName) throws(SnapshotError) -> FileSource<D> {
        try FileSource(disk, directory + "/" + name.fileName) { _ in }
    }

    private func decode<Codec: SnapshotDecompressor & ~Copyable, Sink: SnapshotSink & ~Copyable>(
        _ source: inout FileSource<D>, _ codec: consuming Codec, into sink: inout Sink
    ) throws(SnapshotError) -> SnapshotContentSummary {
        var decoder = SnapshotStreamDecoder(limits: limits)
        while let input = try source.next() {
            try source.naming { () throws(SnapshotFault) in
                try codec.decompress(input) { (chunk) throws(SnapshotFault) in
                    try decoder.consume(chunk, into: &sink)
                }
            }
        }
        return try source.naming { () throws(SnapshotFault) in
            try codec.finish()
            return try decoder.finish()
        }
    }
}

extension SnapshotFooter {
    /// Compares what the footer says with what was found.
    func check(
        _ found: SnapshotDescription, _ frameSize: Int64
    ) throws(SnapshotFault) {
        let pairs: [(String, Int64, Int64)] = [
            ("start zxid", startZxid.rawValue, found.name.zxid.rawValue),
            ("znode count", Int64(bitPattern: znodeCount), Int64(found.content.znodeCount)),
            ("session count", Int64(bitPattern: sessionCount), Int64(found.content.sessionCount)),
            ("uncompressed size", Int64(bitPattern: uncompressedSize), found.content.sizeBytes),
            ("compressed size", Int64(bitPattern: compressedSize), frameSize),
            ("checksum", Int64(contentChecksum), Int64(found.content.checksum)),
        ]
        for (field, footer, file) in pairs where footer != file {
            throw SnapshotFault(
                .footerDisagrees(field: field, footer: footer, found: file), in: .file,
                at: frameSize)
        }
        guard endZxid >= startZxid else {
            throw SnapshotFault(
                .badValue("end zxid \(endZxid) before start zxid \(startZxid)"), in: .file,
                at: frameSize)
        }
    }
}
