// zkmicro: what one operation of the server's inner parts costs, in instructions and allocations.
// Unlike times, counts are the same on a busy machine, so that they can be held to thresholds.
import ArgumentParser
import Foundation

@main
struct ZKMicro: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zkmicro",
        abstract: "Counts an operation's instructions and allocations; holds them to thresholds.",
        discussion: """
            Allocations are counted in this process, instructions by valgrind in another. Exit code \
            1 says that a threshold was passed, 2 that nothing could be measured.
            """)

    @Option(help: "The file with the thresholds.")
    var thresholds = "tools/zkmicro/thresholds.txt"
    @Flag(help: "Write what was measured, with its head-room, into that file.")
    var update = false
    @Option(help: "Only operations whose name has this in it.")
    var only = ""
    @Flag(help: "Count allocations alone: valgrind is not needed.")
    var allocationsOnly = false
    @Option(help: .hidden)
    var child: String?

    func run() throws {
        do {
            if let child { return try runChild(child) }
            try check()
        } catch let error as MicroError {
            FileHandle.standardError.write(Data("zkmicro: \(error)\n".utf8))
            throw ExitCode(2)
        }
    }

    private static var isDebugBuild: Bool {
        #if DEBUG
            true
        #else
            false
        #endif
    }

    /// In valgrind's process: nothing is printed.
    private func runChild(_ name: String) throws {
        guard let operation = Operations.all.first(where: { $0.name == name }) else {
            throw MicroError("there is no operation \(name)")
        }
        _ = Measurement(try operation.prepare())
    }

    private func check() throws {
        let chosen = Operations.all.filter { only.isEmpty || $0.name.contains(only) }
        guard !chosen.isEmpty else { throw MicroError("no operation has \(only) in its name") }
        guard !Self.isDebugBuild else {
            throw MicroError("this is a debug build; build with --configuration release")
        }
        var table = try ThresholdTable(path: thresholds, mayBeMissing: update)
        let callgrind = allocationsOnly ? nil : Callgrind()
        if callgrind == nil {
            print("instructions are not counted: valgrind is not here, or not asked for")
        }
        print("operation          allocations   threshold   instructions   threshold")
        var failures: [String] = []
        for operation in chosen {
            let counts = Measurement(try operation.prepare()).counts
            let instructions = try callgrind?.instructions(of: operation.name)
            let measured = Threshold(
                allocations: counts.allocations, instructions: instructions)
            if update {
                table.set(operation.name, measured)
            }
            let limit = table[operation.name]
            print(ThresholdTable.line(operation.name, measured, limit))
            failures += ThresholdTable.failures(operation.name, measured, limit)
        }
        if update { try table.write(to: thresholds) }
        for failure in failures { print("FAILED \(failure)") }
        if !failures.isEmpty { throw ExitCode(1) }
    }
}

struct MicroError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
