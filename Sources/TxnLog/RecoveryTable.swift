// What the end of a log means. A log's last write may have been torn by a crash; everything before
// it was synced, and losing any of that would break a promise. The difference is decided here,
// once, by three observations (docs/formats/txnlog.md, "The end of the log"):
//
//  1. how the scan of the newest segment stopped;
//  2. whether a valid record lies beyond that place, and whether the write that it was part of
//     began beyond it too: a write begins only after everything before it was synced;
//  3. whether the watermark, which follows every sync, is beyond the last sound record.

/// How the scan of the newest segment stopped.
package enum ScanStop: CaseIterable, Hashable, Sendable {
    /// At the zeros that a write leaves behind its last record, or at the end of the file.
    case cleanEnd
    /// At bytes that are no valid record.
    case badRecord
    /// At a valid record that does not continue its predecessor.
    case brokenChain
    /// The operating system could not read.
    case readError
    /// The segment's header is unusable, so that no record in it can be believed.
    case badHeader
}

/// What lies beyond the place where the scan stopped.
package enum LaterEvidence: CaseIterable, Hashable, Sendable {
    case nothing
    /// A valid record of a write that began at or before the place.
    case sameWrite
    /// A valid record of a write that began after it: the place had been synced.
    case laterWrite
}

/// What the watermark says about the place.
package enum WatermarkPosition: CaseIterable, Hashable, Sendable {
    /// It is at or before the last sound record (for a bad header: before this segment).
    case covered
    /// It says that more was synced.
    case beyond
    /// It is missing or damaged.
    case unknown
}

/// What is to be done about the end of a log.
package enum EndVerdict: Equatable, Sendable {
    /// Nothing.
    case clean
    /// Cut the log here: the rest was never acknowledged.
    case tornTail
    /// Discard the segment: no record in it was ever acknowledged.
    case discardSegment
    /// Refuse: it may have been acknowledged.
    case corrupt
}

package enum RecoveryTable {
    /// A row holds for every combination of its three sets.
    package struct Row: Sendable {
        package let stop: Set<ScanStop>
        package let later: Set<LaterEvidence>
        package let watermark: Set<WatermarkPosition>
        package let verdict: EndVerdict

        package func matches(
            _ stop: ScanStop, _ later: LaterEvidence, _ watermark: WatermarkPosition
        ) -> Bool {
            self.stop.contains(stop) && self.later.contains(later)
                && self.watermark.contains(watermark)
        }
    }

    /// Every combination matches exactly one row.
    package static let rows: [Row] = [
        // The end. A lost watermark alone is no reason to doubt a log that ends cleanly.
        Row(
            stop: [.cleanEnd], later: [.nothing], watermark: [.covered, .unknown],
            verdict: .clean),
        // The last write, torn before it was acknowledged: its first sectors did not arrive...
        Row(stop: [.cleanEnd], later: [.sameWrite], watermark: [.covered], verdict: .tornTail),
        // ... or some other part of it.
        Row(
            stop: [.badRecord], later: [.nothing, .sameWrite], watermark: [.covered],
            verdict: .tornTail),
        // Acknowledged, and gone.
        Row(
            stop: [.cleanEnd, .badRecord], later: [.nothing, .sameWrite], watermark: [.beyond],
            verdict: .corrupt),
        // Torn or damaged: without the watermark there is no telling.
        Row(stop: [.cleanEnd], later: [.sameWrite], watermark: [.unknown], verdict: .corrupt),
        Row(
            stop: [.badRecord], later: [.nothing, .sameWrite], watermark: [.unknown],
            verdict: .corrupt),
        // Proved to have been synced by what was written after it.
        Row(
            stop: [.cleanEnd, .badRecord], later: [.laterWrite],
            watermark: [.covered, .beyond, .unknown], verdict: .corrupt),
        // No crash makes these.
        Row(
            stop: [.brokenChain, .readError],
            later: [.nothing, .sameWrite, .laterWrite], watermark: [.covered, .beyond, .unknown],
            verdict: .corrupt),
        // The watermark names a segment, durably, before anything in it is acknowledged.
        Row(
            stop: [.badHeader], later: [.nothing, .sameWrite, .laterWrite],
            watermark: [.covered], verdict: .discardSegment),
        Row(
            stop: [.badHeader], later: [.nothing, .sameWrite, .laterWrite],
            watermark: [.beyond, .unknown], verdict: .corrupt),
    ]

    package static func verdict(
        _ stop: ScanStop, _ later: LaterEvidence, _ watermark: WatermarkPosition
    ) -> EndVerdict {
        let matching = rows.filter { $0.matches(stop, later, watermark) }
        precondition(matching.count == 1, "\(stop), \(later), \(watermark): \(matching.count) rows")
        return matching[0].verdict
    }
}
