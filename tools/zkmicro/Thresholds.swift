import Foundation

/// What an operation may take at most; or what it took.
struct Threshold {
    var allocations: Double
    /// nil where they are not counted.
    var instructions: Double?
}

/// The thresholds' file: a line for each operation with its name, allocations and instructions.
struct ThresholdTable {
    /// What is left to compilers and C libraries that choose otherwise.
    private static let headRoom = 1.05
    private static let nameWidth = 18

    private var limits: [(name: String, limit: Threshold)] = []

    init(path: String, mayBeMissing: Bool) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            guard mayBeMissing else {
                throw MicroError("cannot read \(path): run in the package's directory, or --update")
            }
            return
        }
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: " ")
            guard fields.count == 3, let allocations = Double(fields[1]) else {
                throw MicroError("\(path): not a name, allocations and instructions: \(line)")
            }
            set(
                String(fields[0]),
                Threshold(allocations: allocations, instructions: Double(fields[2])), isExact: true)
        }
    }

    subscript(name: String) -> Threshold? { limits.first { $0.name == name }?.limit }

    /// The limit for what was measured; an instruction count that was not taken stays as it was.
    mutating func set(_ name: String, _ measured: Threshold, isExact: Bool = false) {
        var limit = measured
        if !isExact {
            limit.allocations = Self.rounded(measured.allocations)
            limit.instructions =
                measured.instructions.map { ($0 * Self.headRoom).rounded(.up) }
                ?? self[name]?.instructions
        }
        if let index = limits.firstIndex(where: { $0.name == name }) {
            limits[index].limit = limit
        } else {
            limits.append((name, limit))
        }
    }

    func write(to path: String) throws {
        var lines = [
            "# What an operation may take: its name, allocations, instructions; each for one of it.",
            "# Written by zkmicro --update: allocations as measured, instructions with 5 % above.",
        ]
        for (name, limit) in limits {
            let instructions = limit.instructions.map { String(format: "%.0f", $0) } ?? "-"
            lines.append("\(Self.padded(name)) \(Self.text(limit.allocations)) \(instructions)")
        }
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: path, atomically: true, encoding: .utf8)
    }

    static func line(_ name: String, _ measured: Threshold, _ limit: Threshold?) -> String {
        let whole = { (value: Double?) in value.map { String(format: "%.0f", $0) } ?? "-" }
        return padded(name) + left(text(measured.allocations), 12)
            + left(limit.map { text($0.allocations) } ?? "none", 12)
            + left(whole(measured.instructions), 15) + left(whole(limit?.instructions), 12)
    }

    static func failures(_ name: String, _ measured: Threshold, _ limit: Threshold?) -> [String] {
        guard let limit else { return ["\(name) has no threshold: zkmicro --update"] }
        var all: [String] = []
        if rounded(measured.allocations) > limit.allocations {
            all.append(
                "\(name): \(text(measured.allocations)) allocations, "
                    + "at most \(text(limit.allocations)) were to be")
        }
        if let count = measured.instructions, let most = limit.instructions, count > most {
            all.append(
                name + String(format: ": %.0f instructions, at most %.0f were to be", count, most))
        }
        return all
    }

    /// To what the file has of it.
    private static func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
    private static func text(_ value: Double) -> String { String(format: "%.4f", value) }
    private static func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(0, nameWidth - name.count))
    }
    private static func left(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
