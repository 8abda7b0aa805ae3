import Simulation

/// What happened in many runs.
struct Summary {
    private let figures: [(name: String, value: Int)]
    private let totals: [Int]

    /// - Parameter totals: of `Figures.all`, in its order.
    init(_ totals: [Int]) {
        figures = Figures().all
        self.totals = totals
    }

    func print() {
        let plain = totals.count - SyncCoverage.names.count
        for index in 1..<plain { Swift.print("\(figures[index].name): \(totals[index])") }
        let hours = Double(totals[0]) / 3_600_000
        Swift.print("simulated hours: \((hours * 100).rounded() / 100)")
        printCoverage(Array(totals[plain...]))
    }

    /// A line for each way in which learners are synchronized, two columns for each step of it: how
    /// often the learner died there, and how often its leader did.
    private func printCoverage(_ counts: [Int]) {
        let steps = SyncCoverage.Step.allCases
        Swift.print("deaths while a learner was synchronized (learner/leader):")
        Swift.print(cell("") + steps.map { cell("\($0)") }.joined())
        for (row, mode) in SyncCoverage.Mode.allCases.enumerated() {
            let cells = steps.indices.map { column in
                let index = 2 * (row * steps.count + column)
                return cell("\(counts[index])/\(counts[index + 1])")
            }
            Swift.print(cell("\(mode)") + cells.joined())
        }
    }

    private func cell(_ text: String) -> String {
        text + String(repeating: " ", count: max(1, 16 - text.count))
    }
}
