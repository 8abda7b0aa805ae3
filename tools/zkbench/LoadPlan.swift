// What a run does, as a value that its threads share.

struct LoadPlan: Sendable {
    enum Operation: Sendable {
        case set
        case get
        /// Gets and sets, at random.
        case mix(readPercent: UInt64)
        /// New znodes below the numbered directories of `root`.
        case create(root: String, directory: DirectoryRule)
    }

    /// Which directory the `n`th new znode is in.
    enum DirectoryRule: Sendable {
        /// All of them in turn.
        case inTurn(count: UInt64)
        /// One after the other, each filled first.
        case filled(size: UInt64)

        @inline(__always)
        func directory(of number: UInt64) -> Int {
            switch self {
            case .inTurn(let count): Int(number % count)
            case .filled(let size): Int(number / size)
            }
        }
    }

    var servers: [ServerAddress]
    var connections: Int
    /// Requests that each connection has in flight in a closed loop.
    var inFlight: Int
    var operation: Operation
    var keys: KeySpace
    /// Replies before this time after the start are not measured.
    var warmUp: UInt64
    /// Measured time; with `requestLimit`, the time to give up.
    var duration: UInt64
    /// Measured requests in all, nil for as many as go into `duration`.
    var requestLimit: UInt64?
    /// Requests a second in all (an open loop); nil sends the next when a reply comes.
    var rate: Double?
    /// The width of the windows of the timeline.
    var timelineWindow: UInt64?
    /// The number of the first new znode, so that runs do not meet each other's.
    var firstName: UInt64 = 0
    var threads: Int
    var sessionTimeoutMilliseconds: Int32 = 30000
}

/// One window of the timeline.
struct TimelineWindow: Sendable {
    var replies: UInt64 = 0
    /// The largest latency of a reply that came in the window.
    var maxLatency: UInt64 = 0
}

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
        for (index, window) in other.timeline.enumerated() {
            timeline[index].replies += window.replies
            timeline[index].maxLatency = max(timeline[index].maxLatency, window.maxLatency)
        }
    }
}
