import Storage
import Synchronization
import ZKWire

/// The segments that a log has let go of and whose files are there, oldest first.
final class ReleasedSegments: Sendable {
    private let segments = Mutex<[Segment]>([])

    func add(_ released: [Segment]) { segments.withLock { $0 += released } }

    var first: Segment? { segments.withLock { $0.first } }

    /// The first one's file is gone.
    func removeFirst() { segments.withLock { _ = $0.removeFirst() } }
}

/// Segments that their log has let go of: what is left is to remove the files, for which nobody has
/// to wait. What an earlier purge could not remove goes first: a later segment that went before it
/// would leave a hole in the log.
package struct SegmentPurge<D: Disk>: Sendable {
    private let directory: LogDirectory<D>
    private let released: ReleasedSegments
    /// How many this one adds.
    package let count: Int
    private let segmentSizeBytes: Int
    private let maximumSpares: Int

    init(
        _ directory: LogDirectory<D>, _ released: ReleasedSegments, count: Int,
        _ configuration: TxnLogConfiguration
    ) {
        self.directory = directory
        self.released = released
        self.count = count
        segmentSizeBytes = configuration.segmentSizeBytes
        maximumSpares = configuration.maximumSpares
    }

    /// Oldest first, each durably, so that no hole can be left. Files of the right size become
    /// spares. What is left after a failure goes with the next purge, or is a longer log at the next
    /// start.
    package func run() throws(DiskError) {
        while let segment = released.first {
            if !directory.exists(segment.name) {
                // An earlier purge got so far and no further: the name is to be gone for good first.
                try directory.sync()
            } else if let spare = freeSpareName(), segment.sizeBytes == segmentSizeBytes {
                try directory.renameDurably(segment.name, to: spare)
            } else {
                try directory.removeDurably(segment.name)
            }
            released.removeFirst()
        }
    }

    private func freeSpareName() -> String? {
        (0..<maximumSpares).map(LogFileName.spare).first { !directory.exists($0) }
    }
}

extension TxnLog {
    /// Lets go of the segments that have no transaction from `zxid` on. The newest segment stays.
    ///
    /// - Parameter zxid: the oldest transaction that is still needed: of the oldest snapshot
    ///   that is kept, or of the point in its footer if that is lower.
    /// - Returns: what removes the files, one purge after the other, on any thread.
    package func releaseSegments(before zxid: Zxid) throws(TxnLogError) -> SegmentPurge<D> {
        try checkUsable()
        var count = 0
        while count + 1 < segments.count,
            isReleasable(segments[count], before: zxid, next: segments[count + 1])
        {
            count += 1
        }
        released.add(Array(segments.prefix(count)))
        segments.removeFirst(count)
        return SegmentPurge(directory, released, count: count, configuration)
    }

    /// Whether all of a segment lies before `zxid`.
    private func isReleasable(_ segment: Segment, before zxid: Zxid, next: Segment) -> Bool {
        if configuration.defects.contains(.zookeeper2574) {
            return segment.header.firstZxid < zxid
        }
        return next.header.previous.zxid < zxid
    }

    /// Releases segments and removes their files.
    /// - Returns: how many segments went.
    @discardableResult
    package func purge(before zxid: Zxid) throws(TxnLogError) -> Int {
        let purge = try releaseSegments(before: zxid)
        try poisoning { () throws(DiskError) in try purge.run() }
        return purge.count
    }

    /// Gives up all of the history for what a snapshot install put in its place. `meta` names the
    /// new base, durably, before this is called: a crash on the way leaves remnants of an earlier
    /// generation, which the next start deletes.
    package func reset(to newBase: LogBase) throws(TxnLogError) {
        try checkUsable()
        precondition(
            newBase.generation > base.generation,
            "generation \(newBase.generation) after \(base.generation)")
        try poisoning { () throws(DiskError) in
            active = nil
            try watermark.replace(with: .atBase(newBase))
            for segment in segments.reversed() { try directory.removeDurably(segment.name) }
        }
        segments = []
        isRollWanted = false
        base = newBase
        last = newBase.point
    }
}
