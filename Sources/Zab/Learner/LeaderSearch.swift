import ZKWire

/// The attempts of a learner to reach its leader, which may not lead yet.
package struct LeaderSearch: Sendable {
    /// One attempt waits at most so long for an answer of the network.
    package static let attemptTimeout = Duration.seconds(2)
    private static let longestWait = Duration.milliseconds(200)

    package let server: ServerID
    private let deadline: Instant
    /// Before the next attempt; doubles.
    private var wait = Duration.milliseconds(20)

    /// - Parameter limit: after it the server counts as unreachable.
    package init(_ server: ServerID, now: Instant, limit: Duration) {
        self.server = server
        deadline = now + limit
    }

    /// An attempt was in vain.
    /// - Returns: how long to wait before the next one; nil: the search is over.
    package mutating func missed(now: Instant) -> Duration? {
        let wait = wait
        self.wait = min(wait * 2, LeaderSearch.longestWait)
        return now + wait < deadline ? wait : nil
    }

    /// A server that follows another one, or none, gives the search up.
    package func isWanted(in role: Role) -> Bool {
        switch role {
        case .following(server, _), .observing(server, _): true
        case .looking, .leading, .following, .observing: false
        }
    }
}
