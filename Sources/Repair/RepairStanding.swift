import ZKWire
import Zab

/// What only the core knows of a member that runs, as it is at one time.
package struct RepairStanding: Equatable, Sendable {
    let state: RepairPeerState
    let mayVote: Bool
    let epochs: Epochs
    /// Everything up to here is durable.
    let end: Zxid

    package init(_ peer: Peer) {
        self.init(
            state: RepairPeerState(peer.role), mayVote: peer.mayVote, epochs: peer.epochs,
            end: peer.history.durable)
    }

    package init(state: RepairPeerState, mayVote: Bool, epochs: Epochs, end: Zxid) {
        self.state = state
        self.mayVote = mayVote
        self.epochs = epochs
        self.end = end
    }

    /// Whether what files were found not to have, that were looked through in an earlier standing, is
    /// still not there. Otherwise a member would have others drop what it has got since, by its later
    /// epoch, or by its word that it looks for a leader. While it serves in one epoch only that epoch's
    /// end grows, which no other member's damage is judged by.
    package func holds(_ earlier: RepairStanding) -> Bool {
        guard mayVote == earlier.mayVote, epochs == earlier.epochs else { return false }
        return end == earlier.end || (state == .established && earlier.state == .established)
    }

    /// Answers a request; nil: that cannot be done now.
    /// - Parameters:
    ///   - answerer: nil if nothing is known of the files.
    ///   - earlier: the standing in which they were looked through. Of what does not hold any more is
    ///     said what is there, and not what is missing.
    package func answer<D>(
        _ request: RepairRequest, _ own: ServerID, _ answerer: RepairAnswerer<D>?,
        since earlier: RepairStanding?
    ) -> RepairResponse? {
        let isCurrent = earlier.map { holds($0) } ?? false
        switch request {
        case .hello, .status:
            guard let answerer else { return .status(starting(own)) }
            return .status(
                answerer.status(
                    own, state, isTrusted: mayVote && isCurrent, accepted: epochs.accepted,
                    current: epochs.current))
        case .txns(let span):
            return answerer.map { answerer in
                var answer = answerer.txns(span)
                answer.isWhole = answer.isWhole && isCurrent
                return .txns(answer)
            }
        case .snapshot(let zxid, let offset):
            return answerer.map {
                .snapshot(zxid, offset: offset, $0.snapshot(zxid, offset: offset))
            }
        }
    }

    private func starting(_ own: ServerID) -> RepairStatus {
        RepairStatus(
            server: own, state: .starting, isTrusted: false, acceptedEpoch: epochs.accepted,
            currentEpoch: epochs.current, log: ZxidSpan(after: .zero, through: .zero))
    }
}
