import ZKWire

/// What the repaired server's log stands on.
package enum RepairBase: Hashable, Sendable {
    /// The log begins with the first transaction.
    case nothing
    /// A snapshot of its own.
    case own(SnapshotOffer)
    /// A snapshot of another member.
    case fetched(SnapshotOffer)

    /// The log is needed from here on.
    var start: Zxid {
        switch self {
        case .nothing: .zero
        case .own(let offer), .fetched(let offer): offer.start
        }
    }

    /// The log is needed up to here at least.
    var reach: Zxid {
        switch self {
        case .nothing: .zero
        case .own(let offer), .fetched(let offer): offer.end
        }
    }
}

/// A whole history, put together: everything from the base to the end, in order.
package struct RepairPlan: Equatable, Sendable {
    package enum Part: Equatable, Sendable {
        /// Of the server's own log.
        case own(ZxidSpan)
        /// Kept from what others sent, each following the one before.
        case fetched([Zxid])
    }

    package let base: RepairBase
    package let parts: [Part]
    package let end: Zxid

    /// How many transactions others gave.
    package var fetchedCount: Int {
        parts.reduce(0) { count, part in
            if case .fetched(let zxids) = part { count + zxids.count } else { count }
        }
    }
}

/// What is there and what is missing of a history that ends at a known transaction, found by walking
/// back from it: each transaction names the one before.
struct HistoryWalkBack {
    private(set) var holes: [ZxidSpan] = []
    private(set) var parts: [RepairPlan.Part] = []
    /// What others sent does not fit what is here.
    private(set) var isContradictory = false

    /// - Parameter fetched: zxid to previous zxid.
    init(from end: Zxid, to base: Zxid, runs: [ZxidSpan], fetched: [Zxid: Zxid]) {
        var zxid = end
        var collected: [Zxid] = []
        func flush() {
            guard !collected.isEmpty else { return }
            parts.append(.fetched(collected.reversed()))
            collected = []
        }
        while zxid > base {
            if let run = runs.last(where: { $0.after < zxid && zxid <= $0.through }) {
                flush()
                // Something later of this server's own would be left out.
                if zxid < run.through, zxid != end { isContradictory = true }
                parts.append(.own(ZxidSpan(after: max(run.after, base), through: zxid)))
                zxid = max(run.after, base)
            } else if let previous = fetched[zxid], previous < zxid {
                collected.append(zxid)
                zxid = previous
            } else {
                flush()
                let below = runs.last { $0.through < zxid }?.through ?? base
                holes.append(ZxidSpan(after: max(below, base), through: zxid))
                zxid = max(below, base)
            }
        }
        flush()
        if zxid < base { isContradictory = true }
        parts.reverse()
        holes.reverse()
    }
}
