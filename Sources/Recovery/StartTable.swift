// What kind of start a data directory calls for. The question is what is there, not yet whether it
// is good: a directory that has lost the files saying whose it is must not look like a new one
// (FAST 2018: a server that forgot its promises votes as if it had made none).

/// What is in `zknode/`.
package enum OwnFiles: CaseIterable, Hashable, Sendable {
    case nothing
    /// What an import leaves that was cut short before it wrote `meta`.
    case snapshotsOnly
    case log
}

/// What a start does.
package enum StartVerdict: Equatable, Sendable {
    /// First start: the empty tree.
    case create
    /// First start on a directory of Apache's.
    case importApache
    case resume
    /// Refuse: `meta` is lost.
    case refuse
}

package enum StartTable {
    /// A row holds for every combination of its three sets.
    package struct Row: Sendable {
        package let hasMeta: Set<Bool>
        package let own: Set<OwnFiles>
        package let hasApache: Set<Bool>
        package let verdict: StartVerdict

        package func matches(_ hasMeta: Bool, _ own: OwnFiles, _ hasApache: Bool) -> Bool {
            self.hasMeta.contains(hasMeta) && self.own.contains(own)
                && self.hasApache.contains(hasApache)
        }
    }

    /// Every combination matches exactly one row.
    package static let rows: [Row] = [
        Row(
            hasMeta: [true], own: [.nothing, .snapshotsOnly, .log], hasApache: [true, false],
            verdict: .resume),
        Row(hasMeta: [false], own: [.nothing], hasApache: [false], verdict: .create),
        Row(
            hasMeta: [false], own: [.nothing, .snapshotsOnly], hasApache: [true],
            verdict: .importApache),
        Row(hasMeta: [false], own: [.snapshotsOnly], hasApache: [false], verdict: .refuse),
        Row(hasMeta: [false], own: [.log], hasApache: [true, false], verdict: .refuse),
    ]

    package static func verdict(
        hasMeta: Bool, own: OwnFiles, hasApache: Bool
    ) -> StartVerdict {
        let matching = rows.filter { $0.matches(hasMeta, own, hasApache) }
        precondition(
            matching.count == 1, "\(hasMeta), \(own), \(hasApache): \(matching.count) rows")
        return matching[0].verdict
    }
}
