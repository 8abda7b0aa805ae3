// Whether a snapshot may be started from. Newest first, each is looked at in three respects; the
// first that is used ends the search, a refusal ends the start. When all are skipped, the log alone
// will do if it begins at the beginning (S-20); otherwise the start is refused (S-21).

/// Whose history a snapshot's footer says it belongs to.
package enum CandidateHistory: CaseIterable, Hashable, Sendable {
    case same
    /// Of a generation that a later install replaced, or that `meta` does not know; or of another
    /// ensemble.
    case other
    /// The footer cannot be read.
    case unknown
}

/// How the log lies to what the snapshot needs of it: all from its start zxid to its end zxid.
package enum CandidateLog: CaseIterable, Hashable, Sendable {
    case covers
    /// The log begins after the start zxid.
    case beginsLater
    /// The log ends before the end zxid.
    case endsEarlier
    /// Not to be told without the footer.
    case unknown
}

/// What reading the content in full gave.
package enum CandidateContent: CaseIterable, Hashable, Sendable {
    case good
    /// Damaged or unreadable.
    case bad
}

package enum CandidateVerdict: Equatable, Sendable {
    case use
    case skip
    /// The log has lost its end: whatever snapshot were taken, acknowledged transactions would be
    /// missing.
    case refuse
}

package enum CandidateTable {
    /// A row holds for every combination of its three sets.
    package struct Row: Sendable {
        package let history: Set<CandidateHistory>
        package let log: Set<CandidateLog>
        package let content: Set<CandidateContent>
        package let verdict: CandidateVerdict

        package func matches(
            _ history: CandidateHistory, _ log: CandidateLog, _ content: CandidateContent
        ) -> Bool {
            self.history.contains(history) && self.log.contains(log)
                && self.content.contains(content)
        }
    }

    /// Every combination matches exactly one row.
    package static let rows: [Row] = [
        Row(history: [.same], log: [.covers], content: [.good], verdict: .use),
        Row(history: [.same], log: [.covers], content: [.bad], verdict: .skip),
        Row(history: [.same], log: [.beginsLater], content: [.good, .bad], verdict: .skip),
        // A footer with a valid checksum is witness enough, whatever became of the content.
        Row(history: [.same], log: [.endsEarlier], content: [.good, .bad], verdict: .refuse),
        Row(history: [.same], log: [.unknown], content: [.good, .bad], verdict: .skip),
        Row(
            history: [.other, .unknown],
            log: [.covers, .beginsLater, .endsEarlier, .unknown], content: [.good, .bad],
            verdict: .skip),
    ]

    package static func verdict(
        _ history: CandidateHistory, _ log: CandidateLog, _ content: CandidateContent
    ) -> CandidateVerdict {
        let matching = rows.filter { $0.matches(history, log, content) }
        precondition(
            matching.count == 1, "\(history), \(log), \(content): \(matching.count) rows")
        return matching[0].verdict
    }

    /// The verdict if it is the same whatever the content, so that it need not be read.
    package static func verdict(
        _ history: CandidateHistory, _ log: CandidateLog
    ) -> CandidateVerdict? {
        let good = verdict(history, log, .good)
        return good == verdict(history, log, .bad) ? good : nil
    }
}
