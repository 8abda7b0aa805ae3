/// What one thread, or all of them, measured.
struct LoadResult: Sendable {
    var latencies = LatencyHistogram()
    /// Replies within the measured time.
    var replies: UInt64 = 0
    /// The measured time.
    var elapsed: UInt64 = 0
    /// Failed requests by error code.
    var errors: [Int32: UInt64] = [:]
    /// Requests without a reply: their connection broke, or the server did not answer in time.
    var lost: UInt64 = 0
    var timeline: [TimelineWindow] = []

    var failures: UInt64 { lost + errors.values.reduce(0, +) }
    var repliesPerSecond: Double {
        elapsed == 0 ? 0 : Double(replies) * 1e9 / Double(elapsed)
    }

    mutating func add(_ other: LoadResult) {
        latencies.add(other.latencies)
        replies += other.replies
        elapsed = max(elapsed, other.elapsed)
        errors.merge(other.errors, uniquingKeysWith: +)
        lost += other.lost
        let missing = other.timeline.count - timeline.count
        if missing > 0 { timeline += [TimelineWindow](repeating: .init(), count: missing) }
        for (index, window) in other.timeline.enumerated() { timeline[index].add(window) }
    }
}
