// Latencies counted in buckets whose width is a fixed fraction of their value: the idea of
// HdrHistogram (Tene), with a power of two of buckets to each doubling.

/// Counts of nanoseconds from 0 to 2^42 (over an hour), each told apart within 0.8 %.
struct LatencyHistogram: Sendable {
    private static let subBucketBits = 8
    static let subBuckets = 1 << subBucketBits
    /// How often the width of the buckets doubles, and once.
    static let doublings = 42 - subBucketBits + 1
    private static let maxValue: UInt64 = 1 << 42 - 1

    private var counts = [UInt64](repeating: 0, count: doublings * subBuckets)
    private(set) var count: UInt64 = 0
    private(set) var max: UInt64 = 0
    private(set) var min: UInt64 = .max
    private var sum: UInt64 = 0

    @inline(__always)
    mutating func record(_ nanoseconds: UInt64) {
        counts[Self.index(of: Swift.min(nanoseconds, Self.maxValue))] &+= 1
        count &+= 1
        sum &+= nanoseconds
        max = Swift.max(max, nanoseconds)
        min = Swift.min(min, nanoseconds)
    }

    mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        sum += other.sum
        max = Swift.max(max, other.max)
        min = Swift.min(min, other.min)
    }

    mutating func removeAll() {
        for index in counts.indices { counts[index] = 0 }
        (count, max, min, sum) = (0, 0, .max, 0)
    }

    /// Adds buckets of another histogram, as `nonEmpty` has them, with its largest and summed value.
    mutating func add(_ buckets: [Bucket], max: UInt64, sum: UInt64) {
        for bucket in buckets {
            counts[Int(bucket.index)] += UInt64(bucket.count)
            count += UInt64(bucket.count)
        }
        self.max = Swift.max(self.max, max)
        self.sum += sum
    }

    /// A bucket with something in it.
    struct Bucket: Sendable {
        var index: UInt16
        var count: UInt32
        /// The largest value that it counts.
        var upperEnd: UInt64 { LatencyHistogram.upperEnd(of: Int(index)) }
    }

    /// The buckets that count something, lowest first.
    var nonEmpty: [Bucket] {
        counts.enumerated().compactMap { index, count in
            count == 0 ? nil : Bucket(index: UInt16(index), count: UInt32(clamping: count))
        }
    }

    /// The sum of all values, for `add`.
    var total: UInt64 { sum }

    var mean: Double { count == 0 ? 0 : Double(sum) / Double(count) }

    /// The value that `fraction` of all are at or below: the upper end of its bucket, so that it is
    /// never reported too low, and never above the largest.
    func value(at fraction: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let rank = Swift.max(1, UInt64((fraction * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for (index, bucket) in counts.enumerated() where bucket > 0 {
            seen += bucket
            if seen >= rank { return Swift.min(Self.upperEnd(of: index), max) }
        }
        return max
    }

    /// Values below 256 have a bucket each; above, 128 buckets span each doubling.
    @inline(__always)
    private static func index(of value: UInt64) -> Int {
        let bits = UInt64.bitWidth - value.leadingZeroBitCount
        let shift = Swift.max(0, bits - subBucketBits)
        return shift * (subBuckets / 2) + Int(value >> UInt64(shift))
    }

    private static func upperEnd(of index: Int) -> UInt64 {
        let half = subBuckets / 2
        let shift = Swift.max(0, index / half - 1)
        let base = UInt64(index - shift * half)
        return (base + 1) << UInt64(shift) - 1
    }
}
