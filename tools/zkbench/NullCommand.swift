import ArgumentParser
import Glibc

/// `zkbench null`: a server that does nothing.
struct NullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "null",
        abstract: "Answers each request with a fixed reply: the ceiling of generator and loopback.",
        discussion: """
            With --quorum writes are answered when two of three processes have them in a log that \
            is synced: the ceiling of durable replicated writes.
            """)

    @Option(help: "The port, on the loopback address.")
    var port: UInt16 = 2181
    @Option(help: "Bytes of the value in the replies to gets.")
    var valueBytes = 1024
    @Flag(help: "Three logs, in processes of their own.")
    var quorum = false
    @Option(help: "Where those logs are: 64 MiB each, removed at the end.")
    var directory = "."
    @Option(help: "How long to serve.")
    var duration = TimeArgument(seconds: 60)

    func run() throws {
        do throws(BenchError) {
            let server = try NullServer(
                port: port, valueBytes: valueBytes,
                quorum: quorum ? try NullQuorum(directory: directory) : nil)
            print("listening on 127.0.0.1:\(port)")
            fflush(nil)
            try server.serve(nanoseconds: duration.nanoseconds)
        } catch {
            standardError("zkbench: \(error)")
            throw ExitCode(ExitStatus.notMeasured)
        }
    }
}
