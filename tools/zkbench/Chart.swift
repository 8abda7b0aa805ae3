/// A figure: panels below each other, each with its own axes. `zkbench plot` reads it as JSON.
struct Chart: Codable, Sendable {
    var title: String
    /// What was measured, in small letters.
    var subtitle: String?
    var panels: [Panel]

    struct Panel: Codable, Sendable {
        /// What the vertical axis shows, with its unit.
        var title: String
        var xLabel: String
        var isXLogarithmic: Bool?
        var isYLogarithmic: Bool?
        /// Whether the area below the first series is filled.
        var isFilled: Bool?
        /// Whether each point has a mark: for a few measurements, not for a course of time.
        var hasMarks: Bool?
        var series: [Series]
    }

    struct Series: Codable, Sendable {
        var name: String
        /// Pairs of x and y, by x.
        var points: [[Double]]
    }
}
