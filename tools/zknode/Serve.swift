import ArgumentParser
import Dispatch
import Glibc
import Logging
import ServerConfiguration
import ZKNode

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a server until it is told to stop.",
        discussion: """
            Without a file: standalone on port 2181, data under ./data.
            With one: as zoo.cfg says. SIGTERM and SIGINT stop cleanly, or end a start at once;
            SIGKILL loses nothing that was acknowledged.

            Exit codes: 0 stopped, 2 bad configuration, 3 data directory, 4 cannot listen,
            5 damaged storage, 10 write or sync failed (docs/operating/exit-codes.md).

            Example: zknode serve /etc/zookeeper/zoo.cfg
            """)

    @Argument(help: "A configuration file in the form of zoo.cfg.")
    var file: String?

    @Option(help: "Where the data is kept; overrides the file.")
    var dataDir: String?

    @Option(help: "The port for clients; overrides the file.")
    var clientPort: Int?

    @Option(help: "How much is logged: debug, info, warning or error.")
    var logLevel = Logger.Level.info

    func run() throws {
        let logger = ServerLogging.logger(logLevel)
        let signals = StopSignals(logger)
        do throws(ServerFailure) {
            let server = try ZKServer(try settings(logger), logger: logger)
            signals.handle { server.stop() }
            try server.run()
            signals.cancel()
        } catch {
            logger.critical("\(error.description)")
            // The one place that exits.
            throw ArgumentParser.ExitCode(error.code.rawValue)
        }
    }

    private func settings(_ logger: Logger) throws(ServerFailure) -> ServerConfiguration {
        var settings = try ConfigurationFiles.load(file, logger)
        if let dataDir { settings.storage.dataDir = dataDir }
        if let clientPort { settings.clients.port = clientPort }
        return settings
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// SIGTERM and SIGINT: while the server loads they end the process, which promises nothing then and
/// leaves nothing that the next start cannot take up; once it serves they stop it cleanly. Not left
/// to the system's default, which does nothing to the first process of a container.
private final class StopSignals {
    private var sources: [any DispatchSourceSignal] = []
    private let queue = DispatchQueue(label: "signals")

    init(_ logger: Logger) {
        // A client that goes away is no reason to end.
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                logger.info("stopped before it served")
                _exit(ExitCode.ok.rawValue)
            }
            source.resume()
            sources.append(source)
        }
    }

    /// From now on signals call this.
    func handle(_ stop: @escaping @Sendable () -> Void) {
        // On their own queue, so that none falls between the two.
        queue.sync { sources.forEach { $0.setEventHandler(handler: stop) } }
    }

    func cancel() { sources.forEach { $0.cancel() } }
}
