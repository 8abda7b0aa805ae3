/// A point on the monotonic clock, in nanoseconds from an origin of the shell's choice. The core has
/// no clock: every event comes with its instant.
package struct Instant: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }

    package static func + (left: Instant, right: Duration) -> Instant {
        Instant(nanoseconds: left.nanoseconds + right.wholeNanoseconds)
    }
}

extension Duration {
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    package var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}

/// Both clocks, read once for each event by the shell.
package struct Now: Sendable {
    /// For time-outs and latencies.
    package var monotonic: Instant
    /// Milliseconds since 1970, for ctime and mtime only.
    package var wallMilliseconds: Int64

    package init(monotonic: Instant, wallMilliseconds: Int64) {
        self.monotonic = monotonic
        self.wallMilliseconds = wallMilliseconds
    }
}
