import Storage
import ZKWire

/// Segments that their log has let go of: what is left is to remove the files, for which nobody has
/// to wait.
package struct SegmentPurge<D: Disk>: Sendable {
    private let directory: LogDirectory<D>
    private let segments: [Segment]
    private let segmentSizeBytes: Int
    private let maximumSpares: Int

    init(_ directory: LogDirectory<D>, _ segments: [Segment], _ configuration: TxnLogConfiguration) {
        self.directory = directory
        self.segments = segments
        segmentSizeBytes = configuration.segmentSizeBytes
        maximumSpares = configuration.maximumSpares
    }

    package var count: Int { segments.count }

    /// Oldest first, each durably, so that no hole can be left. Files of the right size become
    /// spares. What is left after a failure is a longer log at the next start.
    package func run() throws(DiskError) {
        for segment in segments {
            if let spare = freeSpareName(), segment.sizeBytes == segmentSizeBytes {
                try directory.renameDurably(segment.name, to: spare)
            } else {
                try directory.removeDurably(segment.name)
            }
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
        var released: [Segment] = []
        while segments.count > 1, isReleasable(segments[0], before: zxid, next: segments[1]) {
            released.append(segments.removeFirst())
        }
        return SegmentPurge(directory, released, configuration)
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
