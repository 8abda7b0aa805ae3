// The result of a run, for people and as JSON.
import Foundation

/// Everything a comparison needs to know of a run.
struct LoadReport: Codable {
    var operation: String
    var servers: [String]
    var connections: Int
    var inFlight: Int
    var valueBytes: Int
    var targetRatePerSecond: Double?
    var seconds: Double
    var replies: UInt64
    var repliesPerSecond: Double
    /// Milliseconds by name: mean, min, p50, p90, p99, p999, p9999, max.
    var latencyMilliseconds: [String: Double]
    /// Failed requests by error code; `lost` for those without a reply.
    var errors: [String: UInt64]
    /// The share of one core that the generator used: near 1 a thread, it is the bottleneck.
    var generatorCores: Double
    var timeline: Timeline?
    /// Clients beside the measured ones that did not read their replies.
    var slowClients: SlowClientReport?

    struct Timeline: Codable {
        var windowMilliseconds: Double
        var replies: [UInt64]
        var p50Milliseconds: [Double]
        var p99Milliseconds: [Double]
        var maxLatencyMilliseconds: [Double]
        /// The fewest replies in a window.
        var worstWindowReplies: UInt64
        var medianWindowReplies: UInt64
        /// The longest run of windows without a reply.
        var longestSilenceMilliseconds: Double
    }

    static let quantiles: [(name: String, fraction: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999),
    ]
}

extension LoadReport {
    init(_ result: LoadResult, plan: LoadPlan, operation: String, cores: Double) {
        self.operation = operation
        servers = plan.servers.map(\.description)
        connections = plan.connections
        inFlight = plan.inFlight
        valueBytes = plan.keys.value.count
        targetRatePerSecond = plan.rate
        seconds = Double(result.elapsed) / 1e9
        replies = result.replies
        repliesPerSecond = result.repliesPerSecond
        let milliseconds = { (nanoseconds: UInt64) in Double(nanoseconds) / 1e6 }
        latencyMilliseconds = [
            "mean": result.latencies.mean / 1e6, "max": milliseconds(result.latencies.max),
            "min": result.latencies.count == 0 ? 0 : milliseconds(result.latencies.min),
        ]
        for (name, fraction) in Self.quantiles {
            latencyMilliseconds[name] = milliseconds(result.latencies.value(at: fraction))
        }
        errors = Dictionary(uniqueKeysWithValues: result.errors.map { ("\($0.key)", $0.value) })
        if result.lost > 0 { errors["lost"] = result.lost }
        generatorCores = cores
        timeline = plan.timelineWindow.map { Timeline(result.timeline, window: $0) }
    }

    /// A few lines for the terminal.
    var table: String {
        var lines = [
            "\(operation): \(replies) replies in \(Self.text(seconds, 2)) s, "
                + "\(connections) connections x \(inFlight) in flight, \(valueBytes) B",
            "  throughput    \(Self.text(repliesPerSecond, 0))/s",
        ]
        for name in ["min", "mean"] + Self.quantiles.map(\.name) + ["max"] {
            let value = Self.text(latencyMilliseconds[name] ?? 0, 3)
            lines.append("  latency \(name.padded(to: 6))\(value) ms")
        }
        lines.append("  generator     \(Self.text(generatorCores, 2)) cores")
        if let timeline {
            lines.append(
                "  worst \(Self.text(timeline.windowMilliseconds, 0)) ms window: "
                    + "\(timeline.worstWindowReplies) replies; longest silence: "
                    + "\(Self.text(timeline.longestSilenceMilliseconds, 0)) ms")
        }
        if let slow = slowClients {
            lines.append(
                "  beside them   \(slow.clients) clients that read nothing, "
                    + "\(slow.requests) requests, \(slow.closed) closed by the server")
        }
        for (code, count) in errors.sorted(by: { $0.key < $1.key }) {
            lines.append("  FAILED \(code): \(count)")
        }
        return lines.joined(separator: "\n")
    }

    private static func text(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}

extension LoadReport.Timeline {
    init(_ windows: [TimelineWindow], window: UInt64) {
        windowMilliseconds = Double(window) / 1e6
        replies = windows.map(\.replies)
        let latencies = windows.map(\.latencies)
        p50Milliseconds = latencies.map { Double($0.value(at: 0.5)) / 1e6 }
        p99Milliseconds = latencies.map { Double($0.value(at: 0.99)) / 1e6 }
        maxLatencyMilliseconds = windows.map { Double($0.maxLatency) / 1e6 }
        worstWindowReplies = replies.min() ?? 0
        medianWindowReplies = replies.isEmpty ? 0 : replies.sorted()[replies.count / 2]
        var silence = 0
        var longest = 0
        for count in replies {
            silence = count == 0 ? silence + 1 : 0
            longest = max(longest, silence)
        }
        longestSilenceMilliseconds = Double(longest) * windowMilliseconds
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
