import Storage
import ZKWire

/// What an append made durable.
package struct AppendResult: Equatable, Sendable {
    /// The last record of each batch, in order. Never empty.
    package let points: [ChainPoint]
    /// What went to the disk, headers and all.
    package let writtenBytes: Int
    /// A segment was begun: time to prepare the next one.
    package let isNewSegment: Bool

    /// All of the log up to here is durable.
    package var durableZxid: Zxid { points[points.count - 1].zxid }
}

extension TxnLog {
    /// Writes everything in `batches`, in order, with one write and one sync, and returns when it
    /// is durable.
    ///
    /// - Precondition: zxids rise, from `lastZxid` on; no batch is empty.
    /// - Throws: `disk` if the write or the sync failed. Nothing of these batches may be
    ///   acknowledged then, and the log is poisoned.
    package func append(_ batches: [TxnBatch]) throws(TxnLogError) -> AppendResult {
        try checkUsable()
        let (first, bytes) = checkAndMeasure(batches)
        let isNewSegment = isRollWanted || !hasRoom(for: bytes)
        if isNewSegment { try beginSegment(first: first, recordBytes: bytes) }
        guard let segment = active else { preconditionFailure("a segment was begun") }
        let (points, recordBytes) = encode(batches, into: segment)
        let written = buffer.count
        do throws(TxnLogError) {
            try poisoning { () throws(DiskError) in
                try segment.file.write(buffer.view, at: Int64(segment.offset))
                try segment.file.sync()
                active?.offset += recordBytes
                last = points[points.count - 1]
                try markDurable()
            }
        } catch {
            guard configuration.defects.contains(.zookeeper4882) else { throw error }
            poison = nil
        }
        // A burst's memory is not kept.
        buffer.removeAll()
        buffer.shrink(to: 4 << 20)
        return AppendResult(points: points, writtenBytes: written, isNewSegment: isNewSegment)
    }

    /// The next append begins a new segment: everything before it becomes purgeable as a whole.
    package func roll() { isRollWanted = !segments.isEmpty }

    /// The first zxid, and the bytes that the batches take as plain records.
    private func checkAndMeasure(_ batches: [TxnBatch]) -> (first: Zxid, bytes: Int) {
        precondition(!batches.isEmpty, "nothing to append")
        var bytes = 0
        var previous = last.zxid
        for batch in batches {
            precondition(!batch.isEmpty, "an empty batch after zxid \(previous)")
            for entry in batch.entries {
                precondition(entry.zxid > previous, "zxid \(entry.zxid) after \(previous)")
                precondition(
                    entry.length <= configuration.maximumRecordBytes,
                    "a payload of \(entry.length) bytes with zxid \(entry.zxid)")
                previous = entry.zxid
                bytes += TxnLogFormat.recordBytes(entry.length)
            }
        }
        guard let first = batches[0].firstZxid else { preconditionFailure("checked above") }
        return (first, bytes)
    }

    private func hasRoom(for recordBytes: Int) -> Bool {
        guard let active else { return false }
        return active.offset + recordBytes + TxnLogFormat.terminatorBytes <= active.capacity
    }

    /// Encodes the batches into `buffer`, as they will lie in the segment.
    private func encode(
        _ batches: [TxnBatch], into segment: ActiveSegment<D.File>
    ) -> (points: [ChainPoint], recordBytes: Int) {
        buffer.removeAll()
        var encoder = RecordEncoder(
            into: buffer, content: content, at: segment.offset, seal: segment.seal, previous: last)
        let points = batches.map { batch in
            if configuration.isCompressed {
                encoder.encodeCompressed(batch)
            } else {
                encoder.encodePlain(batch, batch.entries[...])
            }
            return encoder.previous
        }
        let recordBytes = buffer.count
        encoder.finish(capacity: segment.capacity)
        return (points, recordBytes)
    }

    /// The watermark follows the sync that `last` was made durable by.
    func markDurable() throws(DiskError) {
        guard let active else { return }
        try watermark.write(
            Watermark(
                generation: base.generation, segmentFirstZxid: active.firstZxid,
                endOffset: active.offset, point: last))
    }
}
