import ArgumentParser

/// `zkbench load`: fills a server with znodes.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Creates many znodes.")

    @Option(help: "Servers, host:port,...; connections are spread over them.")
    var servers = ServerList.local
    @Option(help: "Znodes to create.")
    var count: UInt64 = 1_000_000
    @Option(help: "Bytes of a value.")
    var valueBytes = 100
    @Option(help: "The path below which they are; must not hold the same znodes already.")
    var root = "/load"
    @Option(help: "Znodes in a directory.")
    var perDirectory: UInt64 = 1000
    @Option(help: "Connections.")
    var connections = 8
    @Option(help: "Requests in flight on each connection.")
    var inFlight = 128
    @Option(help: "The time to give up.")
    var limit = TimeArgument(seconds: 3600)
    @OptionGroup var outputs: RunOutputs

    func validate() throws {
        guard count > 0, perDirectory > 0, connections > 0, inFlight > 0, valueBytes >= 0 else {
            throw ValidationError("a number is out of its range")
        }
        guard (count - 1) / perDirectory < 100_000 else {
            throw ValidationError("more than 100000 directories; raise --per-directory")
        }
    }

    func run() throws {
        do throws(BenchError) {
            try load()
        } catch {
            standardError("zkbench: \(error)")
            throw ExitCode(ExitStatus.notMeasured)
        }
    }

    private func load() throws(BenchError) {
        let client = try SetupClient(servers.servers[0])
        try client.create(SetupClient.ancestors(of: root))
        let directories = Int((count - 1) / perDirectory) + 1
        try client.create((0..<directories).map { NumberedPath.directory(root, $0) })
        try client.close()
        let plan = LoadPlan(
            servers: servers.servers, connections: connections, inFlight: inFlight,
            operation: .create(root: root, directory: .filled(size: perDirectory)),
            keys: KeySpace(root: root, count: 1, valueBytes: valueBytes), warmUp: 0,
            duration: limit.nanoseconds, requestLimit: count,
            timelineWindow: outputs.plot == nil ? nil : 1_000_000_000, threads: 1)
        try outputs.run(plan, operation: "load")
    }
}
