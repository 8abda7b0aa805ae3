import Storage
import ZKWire

extension TxnLog {
    /// Cuts the log behind `zxid`, durably: afterwards it is the last record. For TRUNC.
    ///
    /// The watermark goes back first, so that a crash on the way leaves a log that is whole but for
    /// some of what was to go. Then the segments behind are removed, newest first, each durably, so
    /// that no hole can be left. Last, the file that has the cut is shortened, or replaced where
    /// the cut is within a compressed record: entirely or not at all, either way.
    ///
    /// - Throws: `noRecord` if the log has no such record (nothing was changed); otherwise the log
    ///   is of no further use to this process.
    package func truncate(to zxid: Zxid) throws(TxnLogError) {
        try checkUsable()
        guard zxid != last.zxid else { return }
        do throws(TxnLogError) {
            try cutBehind(zxid)
        } catch {
            guard configuration.defects.contains(.zookeeper3701) else { throw error }
            poison = nil
        }
    }

    private func cutBehind(_ zxid: Zxid) throws(TxnLogError) {
        let cut = try findCut(at: zxid)
        let open = active
        try poisoning { () throws(DiskError) in
            try watermark.replace(with: mark(cut.segment, cut.offset, cut.whole))
            active = nil
            while segments.count > cut.keptSegments {
                try directory.removeDurably(segments[segments.count - 1].name)
                segments.removeLast()
            }
            if let segment = cut.segment {
                try cut.replacement.isEmpty
                    ? shorten(segment, to: cut.offset)
                    : replaceTail(of: segment, from: cut.offset, with: cut.replacement)
            }
            try watermark.replace(
                with: mark(cut.segment, cut.offset + cut.replacement.count, cut.last))
        }
        last = cut.last
        isRollWanted = !segments.isEmpty
        precondition(last.zxid == zxid, "cut at \(zxid), and the last record is \(last.zxid)")
        try verifyEnd()
        if configuration.defects.contains(.zookeeper1489) { goOn(in: open) }
    }

    /// ZOOKEEPER-1489: the file that was open stays so, and the next write goes where the one after
    /// the part that is gone would have gone.
    private func goOn(in open: ActiveSegment<D.File>?) {
        guard let open, open.firstZxid == segments.last?.header.firstZxid else { return }
        active = open
        isRollWanted = false
    }

    private struct Cut {
        var keptSegments: Int
        /// The segment that is to be shortened, the last one kept; nil if the cut is between two.
        var segment: Segment?
        /// Behind the last record that stays as it is, and that record.
        var offset: Int
        var whole: ChainPoint
        /// What stays of a compressed record that has the cut within it, as plain records.
        var replacement: [UInt8] = []
        var last: ChainPoint
    }

    private func mark(_ segment: Segment?, _ offset: Int, _ point: ChainPoint) -> Watermark {
        Watermark(
            generation: base.generation, segmentFirstZxid: segment?.header.firstZxid ?? .zero,
            endOffset: offset, point: point)
    }

    // MARK: finding the place

    private func findCut(at zxid: Zxid) throws(TxnLogError) -> Cut {
        guard let index = segments.lastIndex(where: { $0.header.previous.zxid <= zxid }) else {
            throw .noRecord(zxid)
        }
        let segment = segments[index]
        let start = segment.header.previous
        if start.zxid == zxid {
            return Cut(keptSegments: index, segment: nil, offset: 0, whole: start, last: start)
        }
        let cursor = try attempt { () throws(DiskError) in
            try SegmentCursor(
                try directory.disk.openForReading(directory.path(of: segment.name)),
                header: segment.header, maximumRecordBytes: configuration.maximumRecordBytes)
        }
        var cut = Cut(
            keptSegments: index + 1, segment: segment, offset: cursor.offset, whole: start,
            last: start)
        while cut.last.zxid < zxid {
            let step = try attempt { () throws(DiskError) in try cursor.next() }
            guard case .record(let header, let body) = step, header.previous == cut.last else {
                throw .noRecord(zxid)
            }
            if header.zxid > zxid {
                try keepPart(of: header, body, upTo: zxid, &cut)
            } else {
                cut.offset = cursor.offset
                cut.whole = header.point
                cut.last = header.point
            }
        }
        return cut
    }

    /// Encodes the transactions up to `zxid` of the record that has it among others.
    private func keepPart(
        of header: RecordHeader, _ body: ByteView, upTo zxid: Zxid, _ cut: inout Cut
    ) throws(TxnLogError) {
        guard header.kind == .compressed, let segment = cut.segment else { throw .noRecord(zxid) }
        content.removeAll()
        buffer.removeAll()
        var encoder = RecordEncoder(
            into: buffer, content: content, at: cut.offset,
            seal: SegmentSeal(salt: segment.header.salt), previous: cut.whole)
        do {
            let count = try CompressedBody.decode(
                body, into: content, limit: configuration.maximumRecordBytes)
            try CompressedBody.forEachEntry(
                of: content.view, count: count, after: header.previous.zxid, last: header.zxid
            ) { entryZxid, payload in
                if entryZxid <= zxid { encoder.encodePlain(entryZxid, payload) }
            }
        } catch {
            throw .noRecord(zxid)
        }
        guard encoder.previous.zxid == zxid else { throw .noRecord(zxid) }
        cut.replacement = buffer.bytes
        cut.last = encoder.previous
        buffer.removeAll()
        content.removeAll()
    }

    // MARK: cutting

    private func shorten(_ segment: Segment, to offset: Int) throws(DiskError) {
        let file = try directory.disk.open(directory.path(of: segment.name))
        try file.truncate(to: Int64(offset))
        try file.sync()
        setSize(of: segment, to: offset)
    }

    private func replaceTail(
        of segment: Segment, from offset: Int, with tail: [UInt8]
    ) throws(DiskError) {
        let source = try directory.disk.openForReading(directory.path(of: segment.name))
        let copy = try directory.disk.create(directory.path(of: LogFileName.rewrite))
        try copy.truncate(to: 0)
        var done = 0
        while done < offset {
            let bytes = try source.readExactly(min(1 << 20, offset - done), at: Int64(done))
            try copy.write(bytes, at: Int64(done))
            done += bytes.count
        }
        try copy.write(tail, at: Int64(offset))
        try copy.sync()
        try directory.renameDurably(LogFileName.rewrite, to: segment.name)
        setSize(of: segment, to: offset + tail.count)
    }

    private func setSize(of segment: Segment, to sizeBytes: Int) {
        segments[segments.count - 1] = Segment(
            name: segment.name, header: segment.header, sizeBytes: sizeBytes)
    }

    /// Reads the last segment back.
    private func verifyEnd() throws(TxnLogError) {
        guard let newest = segments.last else { return }
        do {
            try reader.replay(
                after: newest.header.previous.zxid, upTo: last.zxid, through: last
            ) { _, _ in }
        } catch let error as TxnLogError {
            throw error
        } catch {
            preconditionFailure("the reader threw \(error)")
        }
    }
}
