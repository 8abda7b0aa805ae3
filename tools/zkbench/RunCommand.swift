import ArgumentParser
import Foundation
import Glibc

/// `zkbench run`: a measurement.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Sends requests and measures when they are answered.")

    @Option(help: "Servers, host:port,...; connections are spread over them.")
    var servers = ServerList.local
    @Option(help: "Connections, each with a session.")
    var connections = 48
    @Option(help: "Requests in flight on each connection.")
    var inFlight = 16
    @Flag(help: "Synchronous clients: one request in flight each.")
    var syncClients = false
    @Option(help: "What to send.")
    var op = OperationArgument.set
    @Option(help: "Gets among the requests of mix.")
    var readPercent: UInt64 = 50
    @Option(help: "Bytes of a value.")
    var valueBytes = 1024
    @Option(help: "Znodes that are set and got; created first.")
    var keys = 1000
    @Option(help: "The path below which all of it happens.")
    var root = "/bench"
    @Option(help: "Time that is not measured, at the beginning.")
    var warmup = TimeArgument(seconds: 2)
    @Option(help: "Measured time; with --requests, the time to give up.")
    var duration = TimeArgument(seconds: 10)
    @Option(help: "Stop after this many measured requests.")
    var requests: UInt64?
    @Option(help: "Requests a second, sent when due whatever the server does; latency from then.")
    var rate: Double?
    @Option(help: "Report replies in windows of this length, as 100ms.")
    var timeline: TimeArgument?
    @Option(help: "Threads; one is enough for a million requests a second.")
    var threads = 1
    @Option(help: "Write the result here as well.")
    var json: String?

    func validate() throws {
        guard connections > 0, inFlight > 0, keys > 0, readPercent <= 100, valueBytes >= 0,
            1...connections ~= threads, rate ?? 1 > 0, timeline?.nanoseconds ?? 1 > 0
        else { throw ValidationError("a number is out of its range") }
    }

    func run() throws {
        do throws(BenchError) {
            try measure()
        } catch {
            standardError("zkbench: \(error)")
            throw ExitCode(ExitStatus.notMeasured)
        }
    }

    private func measure() throws(BenchError) {
        let plan = plan()
        let client = try SetupClient(plan.servers[0])
        try client.create(plan.keys, root: root)
        if case .create(let root, .inTurn(let count)) = plan.operation {
            try client.create(SetupClient.ancestors(of: root))
            try client.create((0..<Int(count)).map { directoryPath(root, $0) })
        }
        try client.close()
        var name = op.rawValue
        if op == .mix { name = "mix \(readPercent)% gets" }
        try runAndReport(plan, operation: name, json: json)
    }

    private func plan() -> LoadPlan {
        let operation: LoadPlan.Operation =
            switch op {
            case .set: .set
            case .get: .get
            case .mix: .mix(readPercent: readPercent)
            case .create: .create(root: root + "/create", directory: .inTurn(count: 256))
            }
        return LoadPlan(
            servers: servers.servers, connections: connections,
            inFlight: syncClients ? 1 : inFlight, operation: operation,
            keys: KeySpace(root: root, count: keys, valueBytes: valueBytes),
            warmUp: warmup.nanoseconds, duration: duration.nanoseconds, requestLimit: requests,
            rate: rate, timelineWindow: timeline?.nanoseconds,
            // Seconds since 1970 above 2^28 creates: runs do not meet each other's names.
            firstName: UInt64(time(nil)) << 28, threads: threads)
    }
}

/// The path of a numbered directory, as `CreateEncoder` has it.
func directoryPath(_ root: String, _ number: Int) -> String {
    let digits = String(number)
    let zeros = String(repeating: "0", count: CreateEncoder.directoryDigits - digits.count)
    return "\(root)/\(zeros)\(digits)"
}

func standardError(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// Runs a plan, prints its report and ends with an exit code that says whether requests failed.
func runAndReport(
    _ plan: LoadPlan, operation: String, json: String?
) throws(BenchError) {
    let (start, processorStart) = (monotonicNow(), processorTimeUsed())
    let result = try WorkerThreads.run(plan)
    let cores = Double(processorTimeUsed() - processorStart) / Double(monotonicNow() - start)
    let report = LoadReport(result, plan: plan, operation: operation, cores: cores)
    print(report.table)
    if let json {
        do {
            try report.json().write(toFile: json, atomically: true, encoding: .utf8)
        } catch {
            throw BenchError("write \(json): \(error.localizedDescription)")
        }
    }
    guard result.failures == 0, result.replies > 0 else {
        standardError("zkbench: \(result.failures) requests failed, \(result.replies) answered")
        exit(ExitStatus.requestsFailed)
    }
}
