import DequeModule
import ZKWire
import Zab

/// Sessions of the ensemble that a leader has ended a short while ago: what learners still forward of
/// theirs, because they have not heard of it, is told from what local sessions ask for by this.
struct EndedSessions {
    private var ids: Set<SessionID> = []
    private var queue = Deque<(id: SessionID, at: Instant)>()

    func contains(_ id: SessionID) -> Bool { ids.contains(id) }

    mutating func add(_ id: SessionID, at now: Instant) {
        guard ids.insert(id).inserted else { return }
        queue.append((id, now))
    }

    /// - Parameter limit: a learner that has not heard for so long is no learner any more.
    mutating func forget(olderThan limit: Duration, now: Instant) {
        while let first = queue.first, now - first.at > limit {
            queue.removeFirst()
            ids.remove(first.id)
        }
    }
}
