import DequeModule
import ZKWire
import Zab

/// `sync` requests, and what else waits for a quorum's word that a leader leads, in the order in which
/// they were asked for: the order in which a leader confirms them.
struct SyncQueue {
    enum Origin {
        case client(ConnectionID)
        /// At a leader: one of a learner's clients, by the link that it came on.
        case learner(ServerID, LinkID)
        /// At a leader: a client has come with a session that is not alive.
        case refusal(ConnectionID)
        /// At a leader: a learner's client has, by the link that it was asked for on.
        case denial(SessionID, ServerID, LinkID)
        /// At a learner: what it does before it asks anew for anything.
        case resubmission
        /// At a learner: a local session goes on by this connection, when what it asked for by an
        /// earlier one is known to be done or lost.
        case handshake(ConnectionID)
    }

    private var asked = Deque<(number: UInt64, origin: Origin)>()
    /// Numbers grow over all connections and leaders, so that none means two requests.
    private(set) var lastNumber: UInt64 = 0

    var count: Int { asked.count }

    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    mutating func ask(_ number: UInt64, _ origin: Origin) { asked.append((number, origin)) }

    /// At a learner: the leader has confirmed the oldest.
    mutating func takeOldest() -> (number: UInt64, origin: Origin)? { asked.popFirst() }

    /// At a leader: this one is confirmed.
    mutating func take(_ number: UInt64) -> Origin? {
        guard let index = asked.firstIndex(where: { $0.number == number }) else { return nil }
        return asked.remove(at: index).origin
    }

    /// A learner's link is gone: it asks again by the next one.
    mutating func forget(_ link: LinkID) {
        asked.removeAll {
            switch $0.origin {
            case .learner(_, link), .denial(_, _, link): true
            case .learner, .denial, .client, .refusal, .resubmission, .handshake: false
            }
        }
    }

    /// Another leader: the clients' ones are asked for again, learners ask again.
    mutating func forgetAsked() { asked.removeAll() }
}
