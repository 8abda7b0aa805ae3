import Storage
import ZKWire

// What the segments' names and headers must agree on, before any record is looked at.
extension LogRecovery {
    /// Files whose name is wrong are of no harm if they are copies of other segments.
    mutating func checkCopies(_ listing: LogDirectory<D>.Listing) throws(TxnLogError) {
        for copy in listing.misnamed {
            let original = listing.segments.first { $0.header == copy.header }
            guard let original, try haveEqualContent(copy, original) else {
                throw .corrupt(fault(in: copy, .misnamed(firstZxid: copy.header.firstZxid)))
            }
            report.ignoredCopies.append(copy.name)
        }
    }

    private func haveEqualContent(_ left: Segment, _ right: Segment) throws(TxnLogError) -> Bool {
        guard left.sizeBytes == right.sizeBytes else { return false }
        return try attempt { () throws(DiskError) in
            let one = try directory.disk.openForReading(directory.path(of: left.name))
            let other = try directory.disk.openForReading(directory.path(of: right.name))
            var offset: Int64 = 0
            while offset < Int64(left.sizeBytes) {
                let bytes = try one.readBytes(1 << 20, at: offset)
                guard try bytes == other.readBytes(1 << 20, at: offset) else { return false }
                offset += 1 << 20
            }
            return true
        }
    }

    /// Also of remnants: what is to be deleted must at least be ours.
    func checkIdentity(_ found: [Segment]) throws(TxnLogError) {
        for segment in found {
            let header = segment.header
            if header.ensembleID != configuration.ensembleID {
                throw .corrupt(
                    fault(
                        in: segment,
                        .foreignEnsemble(
                            found: header.ensembleID, expected: configuration.ensembleID)))
            }
            if header.generation > base.generation {
                throw .corrupt(
                    fault(
                        in: segment,
                        .futureGeneration(found: header.generation, expected: base.generation)))
            }
        }
    }

    /// Segments whose header is unusable: without it, no record in them can be believed.
    mutating func checkBad(_ bad: [BadSegment]) throws(TxnLogError) {
        let newest = segments.last?.header.firstZxid
        for segment in bad.reversed() {
            let isNewest = newest.map { $0 < segment.firstZxid } ?? true
            let position: WatermarkPosition =
                durable.map { $0.segmentFirstZxid < segment.firstZxid ? .covered : .beyond }
                ?? .unknown
            let verdict = RecoveryTable.verdict(
                .badHeader, isNewest ? .nothing : .laterWrite, position)
            guard isNewest, verdict == .discardSegment else {
                throw .corrupt(
                    LogFault(
                        file: segment.name, offset: 0,
                        lastGoodZxid: segments.last { $0.header.firstZxid < segment.firstZxid }?
                            .header.firstZxid ?? base.point.zxid,
                        reason: segment.reason))
            }
            discarded.append(segment.name)
            report.verdict = .discardedSegment(file: segment.name, reason: segment.reason)
        }
    }

    /// Each segment continues somewhere in the one before it, and the first one at the base or
    /// (others having been purged) later. Where exactly, `replay` finds out.
    func checkLinks() throws(TxnLogError) {
        guard let first = segments.first else { return }
        let start = first.header.previous
        if start.zxid < base.point.zxid
            || (start.zxid == base.point.zxid && start.checksum != base.point.checksum)
        {
            throw .otherHistory(expected: base.point, found: start)
        }
        for (earlier, later) in zip(segments, segments.dropFirst())
        where later.header.previous.zxid < earlier.header.firstZxid {
            throw .corrupt(fault(in: earlier, .overlap(with: later.name)))
        }
    }

    func fault(in segment: Segment, _ reason: LogFault.Reason) -> LogFault {
        LogFault(
            file: segment.name, offset: 0, lastGoodZxid: segment.header.previous.zxid,
            reason: reason)
    }
}
