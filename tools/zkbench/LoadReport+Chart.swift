import Foundation

extension LoadReport {
    /// Throughput and latency over time; needs a timeline.
    var chart: Chart? {
        guard let timeline, !timeline.replies.isEmpty else { return nil }
        let seconds = timeline.windowMilliseconds / 1000
        let curve = { (name: String, values: [Double]) in
            Chart.Series(
                name: name,
                points: values.enumerated().map { [(Double($0) + 0.5) * seconds, $1] })
        }
        // A window without replies has no latency: its gap is in the panel above.
        let answered = { (values: [Double]) in
            zip(values, timeline.replies).map { $1 > 0 ? $0 : 0 }
        }
        return Chart(
            title: operation, subtitle: subtitle,
            panels: [
                Chart.Panel(
                    title: "replies a second", xLabel: "seconds", isFilled: true,
                    series: [
                        curve("replies", timeline.replies.map { Double($0) / seconds })
                    ]),
                Chart.Panel(
                    title: "latency, ms", xLabel: "seconds", isYLogarithmic: true,
                    series: [
                        curve("p50", answered(timeline.p50Milliseconds)),
                        curve("p99", answered(timeline.p99Milliseconds)),
                        curve("max", answered(timeline.maxLatencyMilliseconds)),
                    ]),
            ])
    }

    private var subtitle: String {
        let rate = targetRatePerSecond.map { String(format: "%.0f/s asked, ", $0) } ?? ""
        let depth = targetRatePerSecond == nil ? " x \(inFlight) in flight" : ""
        let mean = String(format: "%.0f", repliesPerSecond)
        let window = String(format: "%.6g", timeline?.windowMilliseconds ?? 0)
        return "\(servers.joined(separator: " "))  ·  \(rate)\(mean)/s answered  ·  "
            + "\(connections) connections\(depth), \(valueBytes) B  ·  windows of \(window) ms"
    }
}

/// Writes a text file, or says why not.
func writeFile(_ text: String, _ path: String) throws(BenchError) {
    do {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
        throw BenchError("write \(path): \(error.localizedDescription)")
    }
}
