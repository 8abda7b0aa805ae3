// The percentile text of HdrHistogram (its `outputPercentileDistribution`), which its plotter and
// other tools read: values in milliseconds, five lines to each halving of the distance to 100 %.
import Foundation

enum HistogramText {
    private static let ticksPerHalving = 5.0
    private static let nanosecondsPerUnit = 1e6

    static func text(_ histogram: LatencyHistogram) -> String {
        var lines = [
            "       Value     Percentile TotalCount 1/(1-Percentile)", "",
        ]
        var nextPercentile = 0.0
        var seen: UInt64 = 0
        for bucket in histogram.nonEmpty {
            seen += UInt64(bucket.count)
            let reached = 100 * Double(seen) / Double(histogram.count)
            let value = min(bucket.upperEnd, histogram.max)
            while nextPercentile <= reached {
                if seen == histogram.count && nextPercentile > 0 {
                    lines.append(line(value, 100, seen))
                    break
                }
                lines.append(line(value, nextPercentile, seen))
                nextPercentile = next(after: nextPercentile)
            }
        }
        return (lines + summary(histogram)).joined(separator: "\n") + "\n"
    }

    private static func next(after percentile: Double) -> Double {
        let halvings = Foundation.log2(100 / (100 - percentile)).rounded(.down) + 1
        return percentile + 100 / (ticksPerHalving * Foundation.exp2(halvings))
    }

    private static func line(_ value: UInt64, _ percentile: Double, _ seen: UInt64) -> String {
        let start = String(
            format: "%12.3f %2.12f %10lu", Double(value) / nanosecondsPerUnit, percentile / 100,
            UInt(seen))
        guard percentile < 100 else { return start }
        return start + String(format: " %14.2f", 1 / (1 - percentile / 100))
    }

    private static func summary(_ histogram: LatencyHistogram) -> [String] {
        let mean = histogram.mean
        let squares = histogram.nonEmpty.reduce(0.0) {
            let distance = Double(min($1.upperEnd, histogram.max)) - mean
            return $0 + Double($1.count) * distance * distance
        }
        let deviation = histogram.count == 0 ? 0 : (squares / Double(histogram.count)).squareRoot()
        return [
            String(
                format: "#[Mean    = %12.3f, StdDeviation   = %12.3f]", mean / nanosecondsPerUnit,
                deviation / nanosecondsPerUnit),
            String(
                format: "#[Max     = %12.3f, Total count    = %12lu]",
                Double(histogram.max) / nanosecondsPerUnit, UInt(histogram.count)),
            String(
                format: "#[Buckets = %12d, SubBuckets     = %12d]", LatencyHistogram.doublings,
                LatencyHistogram.subBuckets),
        ]
    }
}
