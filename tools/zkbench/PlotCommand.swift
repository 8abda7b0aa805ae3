import ArgumentParser
import Foundation

/// `zkbench plot`: figures of what several runs have measured.
struct PlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draws a figure as SVG.",
        discussion: """
            The input is JSON: {"title", "subtitle", "panels": [{"title", "xLabel", \
            "isXLogarithmic", "isYLogarithmic", "isFilled", "hasMarks", "series": \
            [{"name", "points": [[x, y], ...]}]}]}; what is not named may be left out.
            """)

    @Argument(help: "The JSON file.")
    var input: String
    @Argument(help: "The SVG file to write.")
    var output: String

    func run() throws {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: input))
            let chart = try JSONDecoder().decode(Chart.self, from: data)
            guard chart.panels.allSatisfy({ $0.series.allSatisfy(\.isWellFormed) }) else {
                throw BenchError("\(input): a point that is not a pair of numbers")
            }
            try writeFile(ChartSVG.text(chart), output)
        } catch {
            standardError("zkbench: plot \(input): \(error)")
            throw ExitCode(ExitStatus.notMeasured)
        }
    }
}

extension Chart.Series {
    fileprivate var isWellFormed: Bool { points.allSatisfy { $0.count == 2 } }
}
