import Testing

@testable import zkbench

@Suite("Latencies and windows")
struct TimelineTests {
    @Test("replies lie in the windows in which they came; empty ones and only whole ones count")
    func windows() {
        var recorder = WindowRecorder(width: 100)
        recorder.record(5, at: 0)
        recorder.record(7, at: 99)
        recorder.record(1, at: 100)
        recorder.record(9, at: 420)
        let windows = recorder.finish(elapsed: 650)
        #expect(windows.map(\.replies) == [2, 1, 0, 0, 1, 0])
        #expect(windows.map(\.maxLatency) == [7, 1, 0, 0, 9, 0])
        #expect(windows[0].latencies.value(at: 0.5) == 5)
        #expect(windows[0].latencies.value(at: 0.99) == 7)
    }

    @Test("a window that has not ended is left out")
    func partial() {
        var recorder = WindowRecorder(width: 100)
        recorder.record(5, at: 50)
        recorder.record(6, at: 130)
        #expect(recorder.finish(elapsed: 150).map(\.replies) == [1])
    }

    @Test("the windows of two threads are one")
    func merge() {
        var (one, two) = (LatencyHistogram(), LatencyHistogram())
        for latency in 1...50 { one.record(UInt64(latency)) }
        for latency in 51...100 { two.record(UInt64(latency)) }
        var window = TimelineWindow(one)
        window.add(TimelineWindow(two))
        #expect(window.replies == 100 && window.maxLatency == 100)
        #expect(window.latencies.value(at: 0.5) == 50)
        #expect(window.latencies.mean == 50.5)
    }

    @Test("the percentile text ends with all values, and its percentiles rise to there")
    func percentileText() throws {
        var histogram = LatencyHistogram()
        for milliseconds in 1...1000 { histogram.record(UInt64(milliseconds) * 1_000_000) }
        let lines = HistogramText.text(histogram).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "       Value     Percentile TotalCount 1/(1-Percentile)")
        let rows = lines.dropFirst(2).prefix { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ").compactMap { Double($0) } }
        #expect(rows.first?[1] == 0)
        let last = try #require(rows.last)
        #expect(last == [1000, 1, 1000])
        for (row, next) in zip(rows, rows.dropFirst()) {
            #expect(row[0] <= next[0] && row[1] < next[1] && row[2] <= next[2])
            // The value is at least what that part of all lies below, and within a bucket of it.
            #expect(row[0] >= row[1] * 1000 && row[0] < (row[1] * 1000 + 1) * 1.008)
        }
        #expect(lines.contains { $0.hasPrefix("#[Mean    =      500.500") })
        #expect(lines.contains { $0.hasPrefix("#[Max     =     1000.000, Total count    =") })
    }
}
