import Storage
import ZKWire

extension TxnLog {
    /// Removes the segments that have no transaction from `zxid` on, oldest first, each durably, so
    /// that no hole can be left. The newest segment stays. Files of the right size become spares.
    ///
    /// - Parameter zxid: the oldest transaction that is still needed: of the oldest snapshot
    ///   that is kept, or of the point in its footer if that is lower.
    /// - Returns: how many segments went.
    @discardableResult
    package func purge(before zxid: Zxid) throws(TxnLogError) -> Int {
        try checkUsable()
        var removed = 0
        while segments.count > 1, segments[1].header.previous.zxid < zxid {
            let oldest = segments[0]
            try poisoning { () throws(DiskError) in
                if let spare = freeSpareName(), isRecyclable(oldest) {
                    try directory.renameDurably(oldest.name, to: spare)
                } else {
                    try directory.removeDurably(oldest.name)
                }
            }
            segments.removeFirst()
            removed += 1
        }
        return removed
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

    private func freeSpareName() -> String? {
        (0..<configuration.maximumSpares).map(LogFileName.spare).first { !directory.exists($0) }
    }

    private func isRecyclable(_ segment: Segment) -> Bool {
        segment.sizeBytes == configuration.segmentSizeBytes
    }
}
