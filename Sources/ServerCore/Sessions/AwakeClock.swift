import ZKWire

/// Time as long as the server was there to see it. After a pause (a stopped process, a suspended
/// machine, a stalled loop) clients have had no way to reach us, so that time is not held against
/// their sessions.
struct AwakeClock {
    /// Time that did not count.
    private(set) var paused: Duration = .zero
    private var last: Instant?
    /// A gap between two ticks beyond this is a pause.
    let longestGap: Duration

    init(longestGap: Duration) { self.longestGap = longestGap }

    /// - Returns: the length of the pause that ended, if one did.
    mutating func tick(_ now: Instant) -> Duration? {
        defer { last = now }
        guard let last, now - last > longestGap else { return nil }
        let gap = now - last - longestGap
        paused += gap
        return gap
    }

    func awake(_ now: Instant) -> Instant {
        Instant(nanoseconds: now.nanoseconds - paused.wholeNanoseconds)
    }
}
