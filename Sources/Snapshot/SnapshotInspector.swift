// A snapshot for tools: whatever its name, and as far as it can be read. The checks are the reader's.
import Storage
import ZKWire

/// What a file was found to hold.
package struct SnapshotInspection: Equatable, Sendable {
    package let path: String
    package let fileSize: Int64
    package let encoding: SnapshotName.Encoding
    /// Of our own files; nil if it is unusable.
    package internal(set) var footer: SnapshotFooter?
    /// nil unless the content is whole.
    package internal(set) var content: SnapshotContentSummary?
    /// What is wrong, in the order in which it was found.
    package internal(set) var faults: [SnapshotFault] = []
    /// Of the uncompressed content, as far as it was read.
    package internal(set) var readBytes: Int64 = 0

    package var isWhole: Bool { faults.isEmpty }
}

package struct SnapshotInspector<D: Disk>: Sendable {
    private let disk: D
    private let limits: SnapshotLimits

    package init(_ disk: D, limits: SnapshotLimits = SnapshotLimits()) {
        self.disk = disk
        self.limits = limits
    }

    /// How a file that begins with these bytes is written; nil if it is no snapshot.
    package static func encoding(of start: [UInt8]) -> SnapshotName.Encoding? {
        if start.starts(with: [0x04, 0x22, 0x4D, 0x18]) { return .lz4 }
        if start.starts(with: [0x5A, 0x4B, 0x53, 0x4E]) { return .plain }
        if start.starts(with: [0x1F, 0x8B]) { return .gzip }
        if start.starts(with: [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59]) { return .snappy }
        return nil
    }

    /// Reads the file into `sink` as far as it goes. What the sink was given is to be trusted only
    /// where the result is whole.
    /// - Parameters:
    ///   - zxid: the start zxid that the file's name states, if it does.
    ///   - progress: called with the bytes of the file read so far.
    package func inspect<Sink: SnapshotSink & ~Copyable>(
        _ path: String, _ encoding: SnapshotName.Encoding, named zxid: Zxid?,
        into sink: inout Sink, progress: @escaping (Int64) -> Void = { _ in }
    ) throws(DiskError) -> SnapshotInspection {
        var result: SnapshotInspection?
        do throws(SnapshotError) {
            var source = try FileSource(disk, path, progress: progress)
            result = SnapshotInspection(path: path, fileSize: source.end, encoding: encoding)
            try readFooter(&source, &result)
            try readContent(&source, into: &sink, &result)
            try compare(source.end, named: zxid, &result)
        } catch {
            try note(error, &result)
        }
        guard let result else { preconditionFailure("\(path) was opened") }
        return result
    }

    private func readFooter(
        _ source: inout FileSource<D>, _ result: inout SnapshotInspection?
    ) throws(SnapshotError) {
        guard result?.encoding == .lz4 else { return }
        do throws(SnapshotError) {
            result?.footer = try source.readFooter()
            source.end -= Int64(SnapshotFormat.footerSize)
        } catch {
            if case .disk = error { throw error }
            // The content is looked at all the same.
            if case .invalid(_, let fault) = error { result?.faults.append(fault) }
        }
    }

    private func readContent<Sink: SnapshotSink & ~Copyable>(
        _ source: inout FileSource<D>, into sink: inout Sink,
        _ result: inout SnapshotInspection?
    ) throws(SnapshotError) {
        switch result?.encoding {
        case .lz4: try decode(&source, LZ4Decompressor(), into: &sink, &result)
        case .gzip: try decode(&source, GzipDecompressor(), into: &sink, &result)
        case .snappy:
            let codec = SnappyDecompressor(limit: limits.maximumSnappyBlockBytes)
            try decode(&source, codec, into: &sink, &result)
        case .plain, nil: try decode(&source, PlainDecompressor(), into: &sink, &result)
        }
    }

    private func decode<Codec: SnapshotDecompressor & ~Copyable, Sink: SnapshotSink & ~Copyable>(
        _ source: inout FileSource<D>, _ codec: consuming Codec, into sink: inout Sink,
        _ result: inout SnapshotInspection?
    ) throws(SnapshotError) {
        var decoder = SnapshotStreamDecoder(limits: limits)
        defer { result?.readBytes = decoder.offset }
        while let input = try source.next() {
            try source.naming { () throws(SnapshotFault) in
                try codec.decompress(input) { (chunk) throws(SnapshotFault) in
                    try decoder.consume(chunk, into: &sink)
                }
            }
        }
        result?.content = try source.naming { () throws(SnapshotFault) in
            try codec.finish()
            return try decoder.finish()
        }
    }

    /// Footer, content and name have to say the same.
    private func compare(
        _ frameSize: Int64, named zxid: Zxid?, _ result: inout SnapshotInspection?
    ) throws(SnapshotError) {
        guard let found = result, let footer = found.footer, let content = found.content else {
            return
        }
        let description = SnapshotDescription(
            name: SnapshotName(zxid: zxid ?? footer.startZxid), fileSize: found.fileSize,
            content: content, footer: footer)
        do throws(SnapshotFault) {
            try footer.check(description, frameSize)
        } catch {
            throw .invalid(path: found.path, error)
        }
    }

    private func note(
        _ error: SnapshotError, _ result: inout SnapshotInspection?
    ) throws(DiskError) {
        switch error {
        case .disk(let error): throw error
        case .invalid(_, let fault): result?.faults.append(fault)
        case .refused: preconditionFailure("a sink's objection is a fault")
        }
    }
}
