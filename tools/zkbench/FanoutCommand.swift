import ArgumentParser
import Glibc
import ZKWire

/// `zkbench fanout`: how long one change takes to reach everyone who watches.
struct FanoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout", abstract: "Fires many watches by one change.",
        discussion: """
            A session has at most one data watch on a znode, so that all watches on one znode \
            take as many sessions. With fewer connections each watches several znodes, and one \
            multi changes all of them: --watches 100000 --connections 10000 is 10,000 watches on \
            each of 10 znodes.
            """)

    @Option(help: "Servers, host:port,...; sessions are spread over them.")
    var servers = ServerList.local
    @Option(help: "Watches that one change fires: a multiple of the connections.")
    var watches = 100_000
    @Option(help: "Connections, each with a session.")
    var connections = 10_000
    @Option(help: "How often.")
    var rounds = 5
    @Option(help: "The path below which the znodes are.")
    var root = "/fanout"
    @Option(help: "How long the last event is waited for.")
    var limit = TimeArgument(seconds: 60)
    @Option(help: "Write the result here as well.")
    var json: String?

    func validate() throws {
        guard connections > 0, watches > 0, watches % connections == 0, rounds > 0 else {
            throw ValidationError("--watches must be a multiple of --connections")
        }
    }

    func run() throws {
        do throws(BenchError) {
            try DescriptorLimit.raise(forConnections: connections + 1)
            let report = try measure()
            print(report.table)
            if let json { try writeFile(jsonText(report), json) }
        } catch {
            standardError("zkbench: \(error)")
            throw ExitCode(ExitStatus.notMeasured)
        }
    }

    private func measure() throws(BenchError) -> FanoutReport {
        let paths = (0..<(watches / connections)).map { "\(root)/z\($0)" }
        let client = try SetupClient(servers.servers[0])
        try client.create(SetupClient.ancestors(of: root) + paths)
        try client.close()
        // The last session makes the changes.
        let group = try SessionGroup(
            connections + 1, at: servers.servers, timeoutMilliseconds: 30000)
        let fanout = Fanout(group, paths: paths, limit: limit.nanoseconds)
        var measured: [FanoutReport.Round] = []
        for _ in 0..<rounds { measured.append(try fanout.round()) }
        group.close()
        return FanoutReport(
            watches: watches, connections: connections, znodes: paths.count, rounds: measured)
    }
}
