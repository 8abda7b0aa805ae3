import ZKWire

/// The attempts of a learner to reach its leader, which may not lead yet.
package struct LeaderSearch: Sendable {
    /// One attempt waits at most so long for an answer of the network.
    package static let attemptTimeout = Duration.seconds(2)
    /// Without one for so long another attempt begins beside it: what a network that was cut has
    /// swallowed is not waited for when it is whole again.
    package static let redialInterval = Duration.seconds(1)
    private static let longestWait = Duration.milliseconds(200)

    package let server: ServerID
    private let deadline: Instant
    /// Before the next attempt; doubles.
    private var wait = Duration.milliseconds(20)
    private var latest = 0

    /// - Parameter limit: after it the server counts as unreachable.
    package init(_ server: ServerID, now: Instant, limit: Duration) {
        self.server = server
        deadline = now + limit
    }

    /// - Returns: the attempt's number.
    package mutating func beginAttempt() -> Int {
        latest += 1
        return latest
    }

    /// Of an attempt that has had no answer for `redialInterval`: whether another one is due.
    package func isRedialDue(_ attempt: Int, now: Instant) -> Bool {
        attempt == latest && now < deadline
    }

    /// Whether the end of this attempt decides: no other one has begun since.
    package func isLatest(_ attempt: Int) -> Bool { attempt == latest }

    /// The latest attempt was in vain.
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
