/// One of the two files, as it was found.
package enum MetaCopy: Equatable, Sendable {
    case valid(MetaRecord, sequence: UInt64)
    case missing
    /// With what is wrong about it.
    case damaged(String)
    case newer(version: UInt32)

    package enum Kind: CaseIterable, Hashable, Sendable { case valid, missing, damaged, newer }

    package var kind: Kind {
        switch self {
        case .valid: .valid
        case .missing: .missing
        case .damaged: .damaged
        case .newer: .newer
        }
    }
}

/// What two copies amount to. Both are replaced, one after the other, before a write returns, so
/// that a single good copy is enough: if it is the older one, the write that made the other never
/// returned, and nothing was promised by it.
package enum MetaVerdict: Equatable, Sendable {
    /// Use the copy with the higher sequence number.
    case useNewer
    /// Use the one valid copy, and replace the other.
    case useValid
    /// There never was one: a first start.
    case firstStart
    /// No copy is left of promises that were made; this server must not vote.
    case lost
    /// Written by a later version of this program.
    case newerVersion

    package struct Row: Sendable {
        package let copies: Set<MetaCopy.Kind>
        /// nil where it does not matter.
        package let hasHistory: Bool?
        package let verdict: MetaVerdict

        package func matches(
            _ a: MetaCopy.Kind, _ b: MetaCopy.Kind, hasHistory: Bool
        ) -> Bool {
            copies == [a, b] && (self.hasHistory.map { $0 == hasHistory } ?? true)
        }
    }

    /// Every combination matches exactly one row. `hasHistory` says whether there is a log or a
    /// snapshot of ours.
    package static let rows: [Row] = [
        Row(copies: [.valid], hasHistory: nil, verdict: .useNewer),
        Row(copies: [.valid, .missing], hasHistory: nil, verdict: .useValid),
        Row(copies: [.valid, .damaged], hasHistory: nil, verdict: .useValid),
        Row(copies: [.missing], hasHistory: false, verdict: .firstStart),
        Row(copies: [.missing], hasHistory: true, verdict: .lost),
        Row(copies: [.damaged], hasHistory: nil, verdict: .lost),
        Row(copies: [.damaged, .missing], hasHistory: nil, verdict: .lost),
        Row(copies: [.newer], hasHistory: nil, verdict: .newerVersion),
        Row(copies: [.newer, .valid], hasHistory: nil, verdict: .newerVersion),
        Row(copies: [.newer, .missing], hasHistory: nil, verdict: .newerVersion),
        Row(copies: [.newer, .damaged], hasHistory: nil, verdict: .newerVersion),
    ]

    package static func of(_ a: MetaCopy, _ b: MetaCopy, hasHistory: Bool) -> MetaVerdict {
        let matching = rows.filter { $0.matches(a.kind, b.kind, hasHistory: hasHistory) }
        precondition(matching.count == 1, "\(a.kind), \(b.kind): \(matching.count) rows")
        return matching[0].verdict
    }
}
