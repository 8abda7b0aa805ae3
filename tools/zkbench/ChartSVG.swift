// A figure as SVG 1.1, with nothing but shapes and text, so that browsers, GitHub and librsvg show
// the same.
import Foundation

/// Draws a chart. Lengths are in pixels of the page.
struct ChartSVG {
    private static let width = 880.0
    private static let panelHeight = 230.0
    /// Room for the figure's title, for a panel's title with its legend, and for its lower axis.
    private static let headHeight = 66.0
    private static let panelHead = 34.0
    private static let panelFoot = 50.0
    private static let left = 76.0
    private static let right = 28.0
    /// Told apart with any kind of colour vision (Okabe and Ito, 2008), the darker ones first.
    private static let colours = [
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00",
    ]
    private static let ink = "#1f2933"
    private static let faint = "#616e7c"
    private static let grid = "#e4e7eb"

    private let chart: Chart
    private var lines: [String] = []

    static func text(_ chart: Chart) -> String {
        var drawing = ChartSVG(chart: chart)
        drawing.draw()
        return drawing.lines.joined(separator: "\n") + "\n"
    }

    private init(chart: Chart) { self.chart = chart }

    private mutating func draw() {
        let panel = Self.panelHead + Self.panelHeight + Self.panelFoot
        let height = Self.headHeight + Double(chart.panels.count) * panel
        lines.append(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(num(Self.width)) "
                + "\(num(height))\" width=\"\(num(Self.width))\" height=\"\(num(height))\" "
                + "font-family=\"Inter, 'DejaVu Sans', Helvetica, Arial, sans-serif\">")
        lines.append(
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>")
        write(chart.title, 20, 30, size: 18, fill: Self.ink, weight: "600")
        if let subtitle = chart.subtitle { write(subtitle, 20, 50, size: 12, fill: Self.faint) }
        for (index, each) in chart.panels.enumerated() {
            draw(each, top: Self.headHeight + Double(index) * panel + Self.panelHead)
        }
        lines.append("</svg>")
    }

    private mutating func draw(_ panel: Chart.Panel, top: Double) {
        let bottom = top + Self.panelHeight
        let points = panel.series.flatMap(\.points)
        let x = ChartAxis(
            points.map { $0[0] }, isLogarithmic: panel.isXLogarithmic ?? false, isTight: true,
            from: Self.left, to: Self.width - Self.right)
        let y = ChartAxis(
            points.map { $0[1] }, isLogarithmic: panel.isYLogarithmic ?? false, isTight: false,
            from: bottom, to: top)
        write(panel.title, Self.left, top - 14, size: 13, fill: Self.ink, weight: "600")
        legend(panel, top - 14)
        for tick in y.ticks {
            line(Self.left, y.place(tick), Self.width - Self.right, y.place(tick), Self.grid)
            write(
                ChartAxis.label(tick), Self.left - 8, y.place(tick) + 4, size: 11,
                fill: Self.faint, anchor: "end")
        }
        for tick in x.ticks {
            line(x.place(tick), bottom, x.place(tick), bottom + 5, Self.faint)
            write(
                ChartAxis.label(tick), x.place(tick), bottom + 18, size: 11, fill: Self.faint,
                anchor: "middle")
        }
        line(Self.left, bottom, Self.width - Self.right, bottom, Self.faint)
        let middle = (Self.left + Self.width - Self.right) / 2
        write(panel.xLabel, middle, bottom + 36, size: 11, fill: Self.faint, anchor: "middle")
        for index in panel.series.indices.reversed() { draw(panel, index, x, y, bottom) }
    }

    private mutating func draw(
        _ panel: Chart.Panel, _ index: Int, _ x: ChartAxis, _ y: ChartAxis, _ bottom: Double
    ) {
        let colour = Self.colours[index % Self.colours.count]
        // A logarithmic axis has no place for 0.
        let shown = panel.series[index].points.filter { !y.isLogarithmic || $0[1] > 0 }
        let places = shown.map { (x.place($0[0]), y.place($0[1])) }
        guard let first = places.first, let last = places.last else { return }
        let path = places.map { "\(num($0.0)),\(num($0.1))" }.joined(separator: " ")
        if index == 0, panel.isFilled ?? false {
            lines.append(
                "<polygon points=\"\(num(first.0)),\(num(bottom)) \(path) "
                    + "\(num(last.0)),\(num(bottom))\" fill=\"\(colour)\" fill-opacity=\"0.12\"/>")
        }
        lines.append(
            "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" "
                + "stroke-width=\"1.8\" stroke-linejoin=\"round\"/>")
        guard panel.hasMarks ?? false else { return }
        for (index, place) in places.enumerated() {
            lines.append(
                "<circle cx=\"\(num(place.0))\" cy=\"\(num(place.1))\" r=\"3.6\" "
                    + "fill=\"\(colour)\" stroke=\"#ffffff\" stroke-width=\"1.2\">"
                    + "<title>\(ChartAxis.label(shown[index][0])): "
                    + "\(ChartAxis.label(shown[index][1]))</title></circle>")
        }
    }

    /// Names of the series, from the right; one alone needs none.
    private mutating func legend(_ panel: Chart.Panel, _ y: Double) {
        guard panel.series.count > 1 else { return }
        var x = Self.width - Self.right
        for (index, series) in panel.series.enumerated().reversed() {
            write(series.name, x, y, size: 12, fill: Self.ink, anchor: "end")
            // Wide enough for every letter of the fonts above.
            x -= Double(series.name.count) * 7 + 12
            lines.append(
                "<line x1=\"\(num(x - 18))\" y1=\"\(num(y - 4))\" x2=\"\(num(x))\" "
                    + "y2=\"\(num(y - 4))\" stroke=\"\(Self.colours[index % Self.colours.count])\" "
                    + "stroke-width=\"3\"/>")
            x -= 36
        }
    }

    private mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String
    ) {
        lines.append(
            "<line x1=\"\(num(x1))\" y1=\"\(num(y1))\" x2=\"\(num(x2))\" y2=\"\(num(y2))\" "
                + "stroke=\"\(colour)\"/>")
    }

    private mutating func write(
        _ text: String, _ x: Double, _ y: Double, size: Int, fill: String,
        anchor: String = "start", weight: String = "400"
    ) {
        let escaped = text.replacingOccurrences(of: "&", with: "&amp;")
            .replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(of: ">", with: "&gt;")
        lines.append(
            "<text x=\"\(num(x))\" y=\"\(num(y))\" font-size=\"\(size)\" fill=\"\(fill)\" "
                + "text-anchor=\"\(anchor)\" font-weight=\"\(weight)\">\(escaped)</text>")
    }

    private func num(_ value: Double) -> String { String(format: "%.6g", (value * 10).rounded() / 10) }
}
