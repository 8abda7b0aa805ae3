import ZKWire
import Zab

extension RepairMachine {
    /// Looks at what is known, and asks or decides.
    mutating func advance(_ now: Instant, _ effects: inout [RepairEffect]) {
        askStatus(now, &effects)
        guard let snapshot else { return decide(now, &effects) }
        if !snapshot.isChecking {
            ask(snapshot.server, .snapshot(snapshot.offer.start, offset: snapshot.offset), &effects)
        }
    }

    /// One way to a whole history.
    private struct Candidate {
        let base: RepairBase
        /// Who has the snapshot that it stands on, if it has to be fetched.
        var server: ServerID?
        let walk: HistoryWalkBack
    }

    private mutating func decide(_ now: Instant, _ effects: inout [RepairEffect]) {
        wanted = []
        guard damage.needsLeader == nil else { return waitForLeader(now, &effects) }
        // Each pass with another account of where the history ends; there are few.
        while damage.needsLeader == nil {
            let end = damage.end.last
            let candidates = candidates(upTo: end)
            if candidates.contains(where: \.walk.isContradictory) {
                damage.needsLeader = "what the other members have contradicts what is here"
            } else if let candidate = candidates.first(where: { isFeasible($0.walk.holes) }) {
                guard candidate.walk.holes.isEmpty else { return ask(candidate.walk.holes, &effects) }
                guard case .suspect = damage.end else { return take(candidate, upTo: end, &effects) }
                guard settleEnd(now, &effects) else { return }
            } else {
                let holes = candidates.first?.walk.holes ?? []
                ask(holes, &effects)
                guard let hole = holes.first, isRefuted(hole) else {
                    return waitForLeader(now, &effects)
                }
                drop(after: hole.after, &effects)
            }
        }
        waitForLeader(now, &effects)
    }

    private mutating func take(
        _ candidate: Candidate, upTo end: Zxid, _ effects: inout [RepairEffect]
    ) {
        if let server = candidate.server, case .fetched(let offer) = candidate.base,
            !fetchedSnapshots.contains(offer)
        {
            fetch(offer, from: server, &effects)
            return ask(server, .snapshot(offer.start, offset: 0), &effects)
        }
        effects.append(
            .rebuild(RepairPlan(base: candidate.base, parts: candidate.walk.parts, end: end)))
    }

    /// In the order in which they are tried: what there is of one's own, then others' snapshots.
    private func candidates(upTo end: Zxid) -> [Candidate] {
        func candidate(_ base: RepairBase, _ server: ServerID? = nil) -> Candidate {
            Candidate(
                base: base, server: server,
                walk: HistoryWalkBack(
                    from: end, to: base.start, runs: damage.runs, fetched: fetched))
        }
        var candidates = damage.snapshots.filter { $0.end <= end }.map { candidate(.own($0)) }
        let beginsAtZero = damage.runs.first.map { $0.after == .zero } ?? true
        if beginsAtZero { candidates.append(candidate(.nothing)) }
        candidates += fetchedSnapshots.filter { $0.end <= end }.map { candidate(.fetched($0)) }
        candidates += offers(upTo: end).map { candidate(.fetched($0.offer), $0.server) }
        if !beginsAtZero { candidates.append(candidate(.nothing)) }
        return candidates
    }

    // MARK: Asking

    /// Whether there is anyone who may have each of these and was not asked yet.
    private func isFeasible(_ holes: [ZxidSpan]) -> Bool {
        holes.allSatisfy { hole in
            peers.contains { $0.isReady && !$0.hasAnswered(hole) }
        }
    }

    /// Each hole of one member at a time.
    private mutating func ask(_ holes: [ZxidSpan], _ effects: inout [RepairEffect]) {
        wanted = holes
        for hole in holes {
            let isAsked = peers.contains { peer in
                guard case .txns(let span) = peer.pending else { return false }
                return span.through == hole.through
            }
            if isAsked { continue }
            let candidates = peers.filter {
                $0.isReady && $0.pending == nil && !$0.hasAnswered(hole)
            }
            // Those first whose log lies around it.
            let best =
                candidates.first { peer in
                    guard let log = peer.status?.log else { return false }
                    return log.after <= hole.after && log.through >= hole.through
                } ?? candidates.first
            if let best { ask(best.id, .txns(hole), &effects) }
        }
    }

    mutating func ask(
        _ server: ServerID, _ request: RepairRequest, _ effects: inout [RepairEffect]
    ) {
        guard let peer = peer(server), peer.isConnected, peer.pending == nil else { return }
        update(server) { $0.pending = request }
        effects.append(.ask(server, request))
    }

    private mutating func askStatus(_ now: Instant, _ effects: inout [RepairEffect]) {
        for peer in peers where peer.isConnected && peer.pending == nil {
            guard let at = peer.statusAt, now - at >= settings.statusInterval else { continue }
            update(peer.id) { $0.askedAt = now }
            ask(peer.id, .status, &effects)
        }
    }
}

extension Damage.End {
    /// The last transaction that the history is known to have had.
    var last: Zxid {
        switch self {
        case .known(let zxid), .suspect(let zxid): zxid
        }
    }
}
