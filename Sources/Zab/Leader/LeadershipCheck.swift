import DequeModule
import ZKWire

/// Whether a leader still led when it was asked: PINGs go in rounds, and a question is answered when
/// a quorum has answered a PING of a round that began after it, and what was proposed before it is
/// committed.
///
/// A learner answers its PINGs in order, one answer each, so that counting them tells which one an
/// answer is to.
struct LeadershipCheck {
    private struct Question {
        let token: UInt64
        let lastProposed: Zxid
        /// The first round that answers it.
        let round: UInt64
    }

    /// The last round that was sent.
    private(set) var round: UInt64 = 0
    /// The last round that a quorum has answered.
    private var answeredRound: UInt64 = 0
    private var questions = Deque<Question>()
    private var answered: [UInt64] = []

    mutating func ask(_ token: UInt64, lastProposed: Zxid) {
        questions.append(Question(token: token, lastProposed: lastProposed, round: round + 1))
    }

    /// Somebody waits for a round that has not begun, and none is under way: so one round serves
    /// all that is asked while the one before it runs.
    var needsRound: Bool {
        guard let last = questions.last else { return false }
        return last.round > round && answeredRound == round
    }

    mutating func beginRound() { round += 1 }

    /// - Parameter quorum: the last round that a quorum has answered.
    mutating func note(answeredRound quorum: UInt64, committed: Zxid) {
        answeredRound = max(answeredRound, min(quorum, round))
        while let first = questions.first, first.round <= answeredRound,
            first.lastProposed <= committed
        {
            answered.append(first.token)
            questions.removeFirst()
        }
    }

    mutating func takeAnswered() -> [UInt64] {
        guard !answered.isEmpty else { return [] }
        defer { answered.removeAll() }
        return answered
    }
}
