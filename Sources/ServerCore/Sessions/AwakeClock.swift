import ZKWire
import Zab

/// Time as long as the server was there to see it. After a pause (a stopped process, a suspended
/// machine, a stalled loop) clients have had no way to reach us, so that time is not held against
/// their sessions.
struct AwakeClock {
    private var last: Instant
    private var pausedNanoseconds: Int64 = 0
    private let longestGapNanoseconds: Int64

    /// - Parameter longestGap: a longer time without any event is a pause. A running loop ticks
    ///   more often than that.
    init(longestGap: Duration, now: Instant) {
        longestGapNanoseconds = longestGap.wholeNanoseconds
        last = now
    }

    /// Comes before each event is handled, whichever it is: what clients sent before or during a
    /// pause may be handled before the first tick after it.
    /// - Returns: the length of the pause that ended, if one did.
    @inline(__always)
    mutating func observe(_ now: Instant) -> Duration? {
        let gap = now.nanoseconds &- last.nanoseconds
        last = now
        guard gap > longestGapNanoseconds else { return nil }
        pausedNanoseconds += gap - longestGapNanoseconds
        return .nanoseconds(gap - longestGapNanoseconds)
    }

    func awake(_ now: Instant) -> Instant {
        Instant(nanoseconds: now.nanoseconds - pausedNanoseconds)
    }
}
