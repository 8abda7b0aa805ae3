// What a start does with the files it finds. It decides first and changes afterwards: a log that is
// refused is left as it was (but for files that never were part of it).

import Storage
import ZKWire

struct LogRecovery<D: Disk> {
    let directory: LogDirectory<D>
    let configuration: TxnLogConfiguration
    let base: LogBase
    let watermark: WatermarkFile<D.File>
    var segments: [Segment] = []
    var report = RecoveryReport()
    /// What is known to have been synced; nil if nothing tells.
    var durable: Watermark?
    /// Segments without a record, or without a usable header, that are to be removed.
    var discarded: [String] = []

    struct End {
        let last: ChainPoint
        let active: ActiveSegment<D.File>?
    }

    init(
        _ directory: LogDirectory<D>, _ configuration: TxnLogConfiguration, base: LogBase
    ) throws(TxnLogError) {
        self.directory = directory
        self.configuration = configuration
        self.base = base
        watermark = try attempt { () throws(DiskError) in
            try WatermarkFile(
                try directory.disk.create(directory.path(of: LogFileName.watermark)))
        }
    }

    mutating func run() throws(TxnLogError) -> End {
        let listing = try directory.listSegments()
        try readWatermark(hasSegments: !listing.segments.isEmpty || !listing.bad.isEmpty)
        let remnants = listing.segments.filter { $0.header.generation < base.generation }
        segments = listing.segments.filter { $0.header.generation >= base.generation }
        try checkIdentity(listing.segments)
        try checkCopies(listing)
        try checkBad(listing.bad)
        try checkLinks()
        let scan = try findEnd()
        return try attempt { () throws(DiskError) in
            try clean(remnants)
            return try settle(scan)
        }
    }

    private mutating func readWatermark(hasSegments: Bool) throws(TxnLogError) {
        guard let mark = watermark.current else {
            report.isWatermarkKnown = !hasSegments
            durable = hasSegments ? nil : .atBase(base)
            return
        }
        guard mark.generation <= base.generation else {
            throw .corrupt(
                LogFault(
                    file: LogFileName.watermark, offset: 0, lastGoodZxid: base.point.zxid,
                    reason: .futureGeneration(
                        found: mark.generation, expected: base.generation)))
        }
        // What was durable of a history that an install has replaced does not matter.
        durable = mark.generation == base.generation ? mark : .atBase(base)
    }

    // MARK: changing what is there

    /// Removes what is no part of the log: unfinished files, the history before an install.
    private mutating func clean(_ remnants: [Segment]) throws(DiskError) {
        for name in LogFileName.leftovers where directory.exists(name) {
            try directory.disk.remove(directory.path(of: name))
        }
        for segment in remnants { try directory.removeDurably(segment.name) }
        report.removedRemnants = remnants.map(\.name)
    }

    /// Makes sure that what was found is on the medium, and cuts what is not to be kept.
    private mutating func settle(_ scan: EndScan?) throws(DiskError) -> End {
        report.last = scan?.last ?? base.point
        var active: ActiveSegment<D.File>?
        if let scan, let newest = segments.last {
            let file = try directory.disk.open(directory.path(of: newest.name))
            if scan.isTorn {
                try file.truncate(to: Int64(scan.offset))
                try file.sync()
            }
            try rewriteUnproven(scan, file)
            try renewCut(scan, file)
            let capacity = Int(try file.sizeBytes())
            segments[segments.count - 1] = Segment(
                name: newest.name, header: newest.header, sizeBytes: capacity)
            active = ActiveSegment(
                file: file, seal: SegmentSeal(salt: newest.header.salt),
                firstZxid: newest.header.firstZxid,
                capacity: min(capacity, TxnLogFormat.maximumSegmentBytes), offset: scan.offset)
        }
        let mark = Watermark(
            generation: base.generation, segmentFirstZxid: active?.firstZxid ?? .zero,
            endOffset: active?.offset ?? 0, point: report.last)
        if watermark.current != mark { try watermark.replace(with: mark) }
        for name in discarded { try directory.removeDurably(name) }
        // Names that the page cache has need not be on the medium yet.
        try directory.disk.syncDirectory(directory.path)
        return End(last: report.last, active: active)
    }

    /// A cut whose sync failed may be in the page cache only: what was cut off is on the medium, and
    /// would be back behind the end of the segment when the history goes on in the next one. Cutting
    /// again makes the size dirty, so that the sync means something (S-25).
    private func renewCut(_ scan: EndScan, _ file: D.File) throws(DiskError) {
        guard try file.sizeBytes() == Int64(scan.offset) else { return }
        try file.truncate(to: Int64(scan.offset))
        try file.sync()
    }

    /// A process that dies of a failed sync leaves its last write in the page cache, marked clean:
    /// read back it looks sound, and the medium does not have it. Writing it again makes it dirty,
    /// so that the next sync means something (S-02, S-03).
    private mutating func rewriteUnproven(_ scan: EndScan, _ file: D.File) throws(DiskError) {
        if let durable, durable.point == scan.last { return }
        var offset = scan.lastBatchOffset
        while offset < scan.offset {
            let bytes = try file.readExactly(min(1 << 20, scan.offset - offset), at: Int64(offset))
            try file.write(bytes, at: Int64(offset))
            offset += bytes.count
        }
        try file.sync()
        report.rewrittenBytes = scan.offset - scan.lastBatchOffset
    }
}
