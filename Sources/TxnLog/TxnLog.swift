// The transaction log of one server: append, make durable, read back, cut, purge.
//
//  1. `append` returns after the sync that covers what it wrote; nothing is acknowledged before.
//  2. After a failed write or sync the log is poisoned: it refuses everything, and nothing is tried
//     again. What is on the medium is found out by the next start.
//  3. Every record names its predecessor and its checksum; the chain runs through all segments.
//  4. A segment is named in the directory and in the watermark, durably, before anything in it is
//     acknowledged.
//
// Format: docs/formats/txnlog.md. Why it is so: docs/decisions/0002-log-format.md.

import Storage
import ZKWire

/// One server's log. One thread uses it at a time (the log thread, and whoever opens it before).
// SAFETY: `@unchecked`: the hand-over from the opening thread to the log thread orders the
// accesses.
package final class TxnLog<D: Disk>: @unchecked Sendable {
    let directory: LogDirectory<D>
    let configuration: TxnLogConfiguration
    let lock: any DiskLock
    let watermark: WatermarkFile<D.File>
    package internal(set) var base: LogBase

    /// Oldest first. The last one is the active one, if there is an active one.
    var segments: [Segment]
    /// Older ones, whose files are not removed yet.
    let released = ReleasedSegments()
    var active: ActiveSegment<D.File>?
    /// The last record, or the base. Every record written is synced before `append` returns, so
    /// this is what is durable, too.
    package internal(set) var last: ChainPoint
    /// The next append begins a new segment.
    var isRollWanted = false
    var poison: DiskError?
    var salts: SaltSequence
    /// Where a write is put together.
    let buffer = ByteWriter(capacity: 64 << 10)
    /// The content of a compressed record, before it is one.
    let content = ByteWriter(capacity: 64)
    private var isClosed = false

    init(
        _ directory: LogDirectory<D>, _ configuration: TxnLogConfiguration, lock: any DiskLock,
        watermark: WatermarkFile<D.File>, base: LogBase, segments: [Segment], last: ChainPoint
    ) {
        self.directory = directory
        self.configuration = configuration
        self.lock = lock
        self.watermark = watermark
        self.base = base
        self.segments = segments
        self.last = last
        salts = SaltSequence(seed: configuration.saltSeed)
    }

    deinit { lock.release() }

    /// The last transaction that the log holds durably; the base's zxid if it holds none.
    package var durableZxid: Zxid { last.zxid }
    package var lastZxid: Zxid { last.zxid }
    /// The chain's value at `lastZxid`, for the footer of a snapshot.
    package var chainChecksum: UInt32 { last.checksum }
    /// The first transaction that the log holds; nil if it holds none.
    package var firstZxid: Zxid? { segments.first?.header.firstZxid }
    /// What the first transaction continues from: a replay can begin here or later.
    package var startsAfter: Zxid { segments.first?.header.previous.zxid ?? last.zxid }
    /// What the segments take on the disk.
    package var sizeBytes: Int { segments.reduce(0) { $0 + $1.sizeBytes } }
    package var segmentCount: Int { segments.count }
    package var isPoisoned: Bool { poison != nil }

    /// To be run on another thread after `open` and after every roll.
    package var segmentPreparer: SegmentPreparer<D> {
        SegmentPreparer(
            directory, sizeBytes: configuration.segmentSizeBytes,
            spares: configuration.maximumSpares)
    }

    /// For reading on another thread up to a `durableZxid` taken on this one.
    package var reader: TxnLogReader<D> {
        TxnLogReader(directory, maximumRecordBytes: configuration.maximumRecordBytes)
    }

    /// Calls `body` with each transaction after `zxid`, in order; see `TxnLogReader.replay`.
    package func replay(
        after zxid: Zxid, through point: ChainPoint? = nil,
        _ body: (Zxid, ByteView) throws -> Void
    ) throws {
        try checkUsable()
        if zxid >= last.zxid && (point == nil || point == last) { return }
        try reader.replay(after: zxid, upTo: last.zxid, through: point, body)
    }

    /// Makes the watermark durable. For idle moments: after a power failure, whatever it covers is
    /// known to have been acknowledged.
    package func flushWatermark() throws(TxnLogError) {
        try checkUsable()
        try poisoning { () throws(DiskError) in try watermark.sync() }
    }

    /// Ends the use of the log, orderly: the next start finds an exact watermark.
    package func close() throws(TxnLogError) {
        guard !isClosed else { return }
        isClosed = true
        defer {
            active = nil
            lock.release()
        }
        if poison == nil { try poisoning { () throws(DiskError) in try watermark.sync() } }
    }

    // MARK: failing

    func checkUsable() throws(TxnLogError) {
        precondition(!isClosed, "the log is closed")
        if let poison { throw .poisoned(poison) }
    }

    /// Runs disk work after whose failure nothing can be said about the medium.
    func poisoning<R>(_ body: () throws(DiskError) -> R) throws(TxnLogError) -> R {
        do throws(DiskError) {
            return try body()
        } catch {
            poison = error
            throw .disk(error)
        }
    }
}

/// The segment that is written to.
struct ActiveSegment<File: DiskFile> {
    let file: File
    let seal: SegmentSeal
    let firstZxid: Zxid
    /// How far the file reaches; a write never extends it.
    let capacity: Int
    /// Where the next write goes.
    var offset: Int
}

/// Different salts from one seed (SplitMix64, Steele et al., OOPSLA 2014).
struct SaltSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// `point` goes in too, so that even a seed that was used before gives other salts.
    mutating func next(after point: ChainPoint) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state ^ UInt64(bitPattern: point.zxid.rawValue) ^ UInt64(point.checksum) << 32
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
