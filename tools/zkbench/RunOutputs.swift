import ArgumentParser
import Foundation

/// Where the result of a run goes, besides the terminal.
struct RunOutputs: ParsableArguments {
    @Option(help: "Write the result here as well.")
    var json: String?
    @Option(help: "Write the latencies here in HdrHistogram's percentile text, milliseconds.")
    var hdr: String?
    @Option(help: "Draw throughput and latency over time here, as SVG.")
    var plot: String?

    /// Runs a plan, writes its report and ends with an exit code that says whether requests failed.
    /// - Parameter slow: clients to be run beside.
    func run(
        _ plan: LoadPlan, operation: String, slow: SlowClients.Plan? = nil
    ) throws(BenchError) {
        let (start, processorStart) = (monotonicNow(), processorTimeUsed())
        var beside: SlowClients?
        if let slow { beside = try SlowClients(slow) }
        let result = try WorkerThreads.run(plan)
        let cores = Double(processorTimeUsed() - processorStart) / Double(monotonicNow() - start)
        var report = LoadReport(result, plan: plan, operation: operation, cores: cores)
        report.slowClients = beside?.stop()
        print(report.table)
        try write(report, result)
        guard result.failures == 0, result.replies > 0 else {
            standardError("zkbench: \(result.failures) requests failed, \(result.replies) answered")
            Foundation.exit(ExitStatus.requestsFailed)
        }
    }

    private func write(_ report: LoadReport, _ result: LoadResult) throws(BenchError) {
        if let json { try writeFile(jsonText(report), json) }
        if let hdr { try writeFile(HistogramText.text(result.latencies), hdr) }
        guard let plot else { return }
        guard let chart = report.chart else {
            throw BenchError("--plot \(plot): the run was shorter than a window of its timeline")
        }
        try writeFile(ChartSVG.text(chart), plot)
    }
}

/// A result as JSON, its keys in order.
func jsonText(_ value: some Encodable) throws(BenchError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    do {
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    } catch {
        throw BenchError("a result that JSON cannot express: \(error)")
    }
}

func standardError(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
