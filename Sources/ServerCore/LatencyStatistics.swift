/// Minimum, average and maximum of a latency, in whole milliseconds as Apache counts them.
package struct LatencyStatistics: Equatable, Sendable {
    package private(set) var count: Int64 = 0
    package private(set) var total: Int64 = 0
    package private(set) var last: Int64 = 0
    private var smallest = Int64.max
    package private(set) var maximum: Int64 = 0

    package init() {}

    package var minimum: Int64 { count == 0 ? 0 : smallest }
    package var average: Double { count == 0 ? 0 : Double(total) / Double(count) }

    @inline(__always)
    package mutating func add(milliseconds: Int64) {
        count &+= 1
        total &+= milliseconds
        last = milliseconds
        if milliseconds < smallest { smallest = milliseconds }
        if milliseconds > maximum { maximum = milliseconds }
    }
}

/// Quantiles of a latency in milliseconds: exact below 16, within an eighth above.
package struct LatencyHistogram: Sendable {
    package private(set) var statistics = LatencyStatistics()
    private var counts = [Int64](repeating: 0, count: LatencyHistogram.bucket(.max) + 1)

    package init() {}

    package mutating func add(milliseconds: Int64) {
        statistics.add(milliseconds: milliseconds)
        counts[LatencyHistogram.bucket(max(milliseconds, 0))] += 1
    }

    /// The lower bound of the bucket that holds the quantile; 0 where nothing was counted.
    package func quantile(_ share: Double) -> Int64 {
        let rank = Int64((Double(statistics.count) * share).rounded(.up))
        var seen: Int64 = 0
        for (bucket, count) in counts.enumerated() where count > 0 {
            seen += count
            if seen >= rank { return LatencyHistogram.lowerBound(bucket) }
        }
        return 0
    }

    /// Sixteen exact ones, then eight to each power of two.
    private static func bucket(_ value: Int64) -> Int {
        guard value >= 16 else { return Int(value) }
        let power = 63 - value.leadingZeroBitCount
        return 16 + (power - 4) * 8 + Int((value >> (power - 3)) & 7)
    }

    private static func lowerBound(_ bucket: Int) -> Int64 {
        guard bucket >= 16 else { return Int64(bucket) }
        let power = (bucket - 16) / 8 + 4
        return (1 << power) + Int64((bucket - 16) % 8) << (power - 3)
    }
}
