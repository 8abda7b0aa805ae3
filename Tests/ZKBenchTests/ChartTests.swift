import Testing

@testable import zkbench

@Suite("Figures")
struct ChartTests {
    @Test("a linear axis begins at 0 and ends with a round number above all values")
    func linear() {
        let axis = ChartAxis(
            [12_000, 287_000], isLogarithmic: false, isTight: false, from: 200, to: 0)
        #expect(axis.ticks == [0, 100_000, 200_000, 300_000])
        #expect(axis.place(0) == 200 && axis.place(300_000) == 0 && axis.place(150_000) == 100)
    }

    @Test("a logarithmic axis has whole decades where there are many, and 1, 2, 5 where few")
    func logarithmic() {
        let wide = ChartAxis([1, 1000], isLogarithmic: true, isTight: true, from: 0, to: 300)
        #expect(wide.ticks == [1, 10, 100, 1000])
        #expect(abs(wide.place(10) - 100) < 1e-9)
        let narrow = ChartAxis([3, 40], isLogarithmic: true, isTight: false, from: 0, to: 1)
        #expect(narrow.ticks == [2, 5, 10, 20, 50])
    }

    @Test("labels have a unit")
    func labels() {
        #expect([0, 0.5, 20, 1500, 2_000_000].map(ChartAxis.label) == ["0", "0.5", "20", "1.5 k", "2 M"])
    }

    @Test("a drawing has every series, and what names hold is no markup")
    func drawing() {
        let svg = ChartSVG.text(
            Chart(
                title: "a < b & c",
                panels: [
                    Chart.Panel(
                        title: "y", xLabel: "x", isYLogarithmic: true, hasMarks: true,
                        series: [
                            .init(name: "one", points: [[0, 1], [1, 0], [2, 3]]),
                            .init(name: "two", points: [[0, 2], [2, 5]]),
                            .init(name: "none", points: []),
                        ])
                ]))
        #expect(svg.contains("a &lt; b &amp; c"))
        #expect(svg.contains(">one<") && svg.contains(">two<"))
        #expect(svg.split(separator: "<polyline").count - 1 == 2)
        // A logarithmic axis has no place for 0: two marks of the first series, two of the second.
        #expect(svg.split(separator: "<circle").count - 1 == 4)
        #expect(!svg.contains("nan") && !svg.contains("inf"))
    }
}
