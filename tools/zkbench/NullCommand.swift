import ArgumentParser

/// `zkbench null`: a server that does nothing.
struct NullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "null",
        abstract: "Answers every request with a fixed reply: the ceiling of generator and loopback."
    )

    @Option(help: "The port, on the loopback address.")
    var port: UInt16 = 2181
    @Option(help: "Bytes of the value in the replies to gets.")
    var valueBytes = 1024
    @Option(help: "How long to serve.")
    var duration = TimeArgument(seconds: 60)

    func run() throws {
        do throws(BenchError) {
            let server = try NullServer(port: port, valueBytes: valueBytes)
            print("listening on 127.0.0.1:\(port)")
            server.serve(nanoseconds: duration.nanoseconds)
        } catch {
            standardError("zkbench: \(error)")
            throw ExitCode(ExitStatus.notMeasured)
        }
    }
}
