import ArgumentParser
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
    @Option(help: "Znodes that are set and got; created first, unless --loaded.")
    var keys = 1000
    @Option(help: "How the requests are spread over them.")
    var distribution = DistributionArgument.uniform
    @Option(help: "Of zipfian: the k-th key has a share in proportion to 1 / k^exponent.")
    var exponent = 0.99
    @Option(help: "Use --keys of the znodes that `zkbench load --root PATH` has made here.")
    var loaded: String?
    @Option(help: "Znodes in a directory, as load was told.")
    var perDirectory: UInt64 = 1000
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
    @Option(help: "Clients beside these that send requests and do not read the replies.")
    var slowClients = 0
    @Option(help: "Requests that each of those sends at once; then ten a second.")
    var slowBurst = 2000
    @OptionGroup var outputs: RunOutputs

    func validate() throws {
        guard connections > 0, inFlight > 0, keys > 0, readPercent <= 100, valueBytes >= 0,
            1...connections ~= threads, rate ?? 1 > 0, timeline?.nanoseconds ?? 1 > 0,
            exponent > 0, perDirectory > 0, slowClients >= 0, slowBurst >= 0
        else { throw ValidationError("a number is out of its range") }
        guard slowClients == 0 || loaded == nil else {
            throw ValidationError("--slow-clients use znodes that the run creates: not --loaded")
        }
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
        try DescriptorLimit.raise(forConnections: connections + slowClients + 1)
        let plan = plan()
        let client = try SetupClient(plan.servers[0])
        try client.create(plan.keys, root: root)
        if case .create(let root, .inTurn(let count)) = plan.operation {
            try client.create(SetupClient.ancestors(of: root))
            try client.create((0..<Int(count)).map { NumberedPath.directory(root, $0) })
        }
        try client.close()
        var name = op.rawValue
        if op == .mix { name = "mix \(readPercent)% gets" }
        try outputs.run(plan, operation: name, slow: slowPlan(plan))
    }

    private func slowPlan(_ plan: LoadPlan) -> SlowClients.Plan? {
        guard slowClients > 0 else { return nil }
        return SlowClients.Plan(
            servers: plan.servers, count: slowClients, root: root, keys: plan.keys.ownPaths,
            burst: slowBurst, requestsPerSecond: 10)
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
            keys: keySpace, distribution: distribution.distribution(exponent: exponent),
            warmUp: warmup.nanoseconds, duration: duration.nanoseconds, requestLimit: requests,
            rate: rate, timelineWindow: timelineWindow,
            // Seconds since 1970 above 2^28 creates: runs do not meet each other's names.
            firstName: UInt64(time(nil)) << 28, threads: threads)
    }

    private var keySpace: KeySpace {
        guard let loaded else { return KeySpace(root: root, count: keys, valueBytes: valueBytes) }
        return KeySpace(
            loadedBelow: loaded, perDirectory: perDirectory, count: keys, valueBytes: valueBytes)
    }

    /// A plot needs one.
    private var timelineWindow: UInt64? {
        timeline?.nanoseconds ?? (outputs.plot == nil ? nil : 100_000_000)
    }
}
