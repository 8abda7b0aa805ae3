import Foundation

/// Counts instructions by running this program in valgrind, one operation at a time. The count is the
/// same each time on one kind of processor; what the C library chooses by processor (memcpy) differs
/// a little, which the thresholds' head-room is for.
struct Callgrind {
    private let program: String

    /// nil if valgrind is not installed.
    init?() {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let places = path.split(separator: ":").map { "\($0)/valgrind" }
        guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) })
        else { return nil }
        program = found
    }

    /// Instructions for each operation.
    func instructions(of name: String) throws -> Double {
        let output = FileManager.default.temporaryDirectory
            .appendingPathComponent("zkmicro-\(getpid()).callgrind").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "--tool=callgrind", "--quiet", "--toggle-collect=counters_measured",
            "--callgrind-out-file=\(output)", "/proc/self/exe".resolved, "--child", name,
        ]
        // The order in hash tables is part of what is counted.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["SWIFT_DETERMINISTIC_HASHING": "1"]) { $1 }
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw MicroError("valgrind ended with \(process.terminationStatus) for \(name)")
        }
        let text = try String(contentsOfFile: output, encoding: .utf8)
        let line = text.split(separator: "\n").last { $0.hasPrefix("totals:") }
        let number = line?.split(separator: " ").last.flatMap { Double($0) }
        let count = Operations.all.first { $0.name == name }?.count ?? 1
        guard let total = number, total > 0
        else { throw MicroError("valgrind has counted nothing for \(name)") }
        return total / Double(count)
    }
}

extension String {
    fileprivate var resolved: String { URL(fileURLWithPath: self).resolvingSymlinksInPath().path }
}
