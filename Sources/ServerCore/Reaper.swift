import ZKWire
import Zab

/// When to look for empty containers and TTL znodes whose time is up (Apache `ContainerManager`).
struct Reaper {
    private let interval: Duration
    private let maximumPerMinute: Int
    let neverUsedMilliseconds: Int64
    private var next: Instant

    init(_ configuration: CoreConfiguration, now: Instant) {
        interval = configuration.reapInterval
        maximumPerMinute = max(configuration.reapMaximumPerMinute, 1)
        neverUsedMilliseconds = configuration.reapNeverUsedMilliseconds
        next = now + configuration.reapInterval
    }

    /// How many may be deleted now; nil before the next check is due.
    mutating func allowance(_ now: Instant) -> Int? {
        guard now >= next else { return nil }
        next = now + interval
        return max(1, maximumPerMinute * Int(max(interval.wholeMilliseconds, 1)) / 60_000)
    }
}
