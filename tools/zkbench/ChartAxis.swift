import Foundation

/// One axis of a panel: where its values lie on the page, and which of them are written.
struct ChartAxis {
    let isLogarithmic: Bool
    private let low: Double
    private let high: Double
    /// Where `low` and `high` lie on the page.
    private let start: Double
    private let end: Double

    /// - Parameters:
    ///   - values: all that must be on it; of a logarithmic one those above 0.
    ///   - isTight: it ends with the values; else with the next tick, and a linear one begins at 0.
    init(_ values: [Double], isLogarithmic: Bool, isTight: Bool, from start: Double, to end: Double)
    {
        self.isLogarithmic = isLogarithmic
        self.start = start
        self.end = end
        let usable = isLogarithmic ? values.filter { $0 > 0 } : values
        let least = usable.min() ?? (isLogarithmic ? 1 : 0)
        let most = usable.max() ?? 1
        if isLogarithmic {
            low = isTight ? least : Self.ladder(least, up: false)
            high = Swift.max(isTight ? most : Self.ladder(most, up: true), low * 10)
        } else if isTight {
            low = least
            high = most > least ? most : least + 1
        } else {
            low = 0
            let step = Self.step(for: Swift.max(most, 1e-9))
            high = (Swift.max(most, 1e-9) / step).rounded(.up) * step
        }
    }

    func place(_ value: Double) -> Double {
        let part =
            isLogarithmic
            ? log(Swift.max(value, low) / low) / log(high / low)
            : (value - low) / (high - low)
        return start + part * (end - start)
    }

    /// Values to write, between the ends.
    var ticks: [Double] { isLogarithmic ? logarithmicTicks : linearTicks }

    private var linearTicks: [Double] {
        let step = Self.step(for: high - low)
        let first = (low / step).rounded(.up)
        return (0..<20).map { (first + Double($0)) * step }.filter { $0 <= high * (1 + 1e-9) }
    }

    private var logarithmicTicks: [Double] {
        let decades = log10(high / low)
        let factors: [Double] = decades < 2.2 ? [1, 2, 5] : [1]
        let first = Int(log10(low).rounded(.down))
        var ticks: [Double] = []
        for power in first...(first + Int(decades.rounded(.up)) + 1) {
            let unit: Double = pow(10, Double(power))
            for factor in factors { ticks.append(factor * unit) }
        }
        return ticks.filter { $0 >= low * (1 - 1e-9) && $0 <= high * (1 + 1e-9) }
    }

    /// 1, 2 or 5 times a power of ten, so that about five steps make the span.
    private static func step(for span: Double) -> Double {
        let power = pow(10, log10(span / 5).rounded(.down))
        let factor = [1, 2, 5, 10].first { $0 * power * 5.5 >= span } ?? 10
        return factor * power
    }

    /// The next number of 1, 2, 5, 10, 20 ... at or beyond `value`.
    private static func ladder(_ value: Double, up: Bool) -> Double {
        let power = pow(10, log10(value).rounded(.down))
        let rungs = [1, 2, 5, 10].map { $0 * power }
        let near = 1e-9
        return up
            ? rungs.first { $0 >= value * (1 - near) } ?? value
            : rungs.last { $0 <= value * (1 + near) } ?? value
    }

    /// A number as an axis has it: 1500000 as 1.5 M.
    static func label(_ value: Double) -> String {
        for (unit, suffix) in [(1e6, " M"), (1e3, " k")] where abs(value) >= unit {
            return trimmed(value / unit) + suffix
        }
        return trimmed(value)
    }

    private static func trimmed(_ value: Double) -> String { String(format: "%.6g", value) }
}
