import Storage
import ZKWire

extension TxnLog {
    /// Makes the segment that begins with `first`, large enough for its first write. It is durable
    /// under its name, and in the watermark, when this returns.
    func beginSegment(first: Zxid, recordBytes: Int) throws(TxnLogError) {
        let needed =
            TxnLogFormat.headerBlockBytes + recordBytes + TxnLogFormat.terminatorBytes
        let size = max(configuration.segmentSizeBytes, (needed + 4095) & ~4095)
        precondition(size <= TxnLogFormat.maximumSegmentBytes, "a write of \(recordBytes) bytes")
        let header = SegmentHeader(
            ensembleID: configuration.ensembleID, generation: base.generation, firstZxid: first,
            previous: last, salt: salts.next(after: last))
        let name = LogFileName.segment(first: first)
        precondition(segments.allSatisfy { $0.name != name }, "\(name) exists already")
        try poisoning { () throws(DiskError) in
            let prepared = try takePrepared(sizeBytes: size)
            try prepared.write(Self.headerBytes(header), at: 0)
            try prepared.sync()
            prepared.close()
            try directory.renameDurably(LogFileName.inline, to: name)
            // Opened anew so that errors show the segment's name.
            let file = try directory.disk.open(directory.path(of: name))
            let capacity = min(Int(try file.sizeBytes()), TxnLogFormat.maximumSegmentBytes)
            segments.append(Segment(name: name, header: header, sizeBytes: capacity))
            active = ActiveSegment(
                file: file, seal: SegmentSeal(salt: header.salt), firstZxid: first,
                capacity: capacity, offset: TxnLogFormat.headerBlockBytes)
            isRollWanted = false
            try markDurable()
            try watermark.sync()
        }
    }

    /// A file of at least `sizeBytes` under the log's own name, which no preparer touches.
    private func takePrepared(sizeBytes: Int) throws(DiskError) -> D.File {
        let path = directory.path(of: LogFileName.inline)
        if directory.exists(LogFileName.prepared) {
            try directory.disk.rename(directory.path(of: LogFileName.prepared), to: path)
        } else if sizeBytes == configuration.segmentSizeBytes {
            _ = segmentPreparer.takeSpare(as: LogFileName.inline)
        }
        let file = try directory.disk.create(path)
        if try file.sizeBytes() < Int64(sizeBytes) {
            // Reserved, not written: with the log waiting, dearer syncs later are the lesser evil.
            try file.allocate(Int64(sizeBytes))
        }
        return file
    }

    /// The header's block, and the end behind it (a recycled file has records there).
    private static func headerBytes(_ header: SegmentHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 2 * TxnLogFormat.headerBlockBytes)
        bytes.withUnsafeMutableBytes { buffer in
            header.encode(
                into: UnsafeMutableRawBufferPointer(
                    rebasing: buffer[0..<TxnLogFormat.headerBlockBytes]))
        }
        return bytes
    }
}
