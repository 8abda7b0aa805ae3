/// The replies that came in one window of the timeline.
struct TimelineWindow: Sendable {
    private var buckets: [LatencyHistogram.Bucket] = []
    private var sum: UInt64 = 0
    private(set) var replies: UInt64 = 0
    /// The largest latency, in nanoseconds.
    private(set) var maxLatency: UInt64 = 0

    init() {}

    init(_ latencies: LatencyHistogram) {
        buckets = latencies.nonEmpty
        sum = latencies.total
        replies = latencies.count
        maxLatency = latencies.max
    }

    /// What came in the same window by another thread.
    mutating func add(_ other: TimelineWindow) {
        var both = latencies
        both.add(other.buckets, max: other.maxLatency, sum: other.sum)
        self = TimelineWindow(both)
    }

    var latencies: LatencyHistogram {
        var all = LatencyHistogram()
        all.add(buckets, max: maxLatency, sum: sum)
        return all
    }
}

/// Sorts replies into windows of one length, as they come.
struct WindowRecorder: Sendable {
    /// Nanoseconds.
    private let width: UInt64
    private var windows: [TimelineWindow] = []
    /// Of the window that has not ended, which is the one after `windows`.
    private var current = LatencyHistogram()
    private var currentEnd: UInt64

    init(width: UInt64) {
        self.width = width
        currentEnd = width
    }

    /// - Parameter offset: nanoseconds since the measurement began; never less than the last time.
    @inline(__always)
    mutating func record(_ latency: UInt64, at offset: UInt64) {
        if offset >= currentEnd { close(before: offset) }
        current.record(latency)
    }

    /// The whole windows of `elapsed` nanoseconds; without replies at the end they are empty.
    mutating func finish(elapsed: UInt64) -> [TimelineWindow] {
        close(before: max(elapsed, currentEnd))
        return Array(windows.prefix(Int(elapsed / width)))
    }

    @inline(never)
    private mutating func close(before offset: UInt64) {
        windows.append(TimelineWindow(current))
        current.removeAll()
        while UInt64(windows.count + 1) * width <= offset { windows.append(TimelineWindow()) }
        currentEnd = UInt64(windows.count + 1) * width
    }
}
