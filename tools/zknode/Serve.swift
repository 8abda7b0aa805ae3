import ArgumentParser
import Dispatch
import Glibc
import Logging
import NIOConcurrencyHelpers
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

    func validate() throws {
        if let clientPort, !(0...65535).contains(clientPort) {
            throw ValidationError("--client-port \(clientPort): 0 to 65535 is allowed")
        }
    }

    func run() throws {
        StopSignals.block()
        let logger = ServerLogging.logger(logLevel)
        defer { ServerLogging.flush() }
        let signals = StopSignals(logger)
        do throws(ServerFailure) {
            let server = try ZKServer(try settings(logger), logger: logger)
            signals.handle { server.stop() }
            try server.run()
        } catch {
            // A line each: a configuration may have several errors.
            for line in error.description.split(separator: "\n") { logger.critical("\(line)") }
            // The one place that exits.
            throw ExitCode(error.code.rawValue)
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
/// leaves nothing that the next start cannot take up; once it serves the first one stops it cleanly.
///
/// They are blocked and waited for: none is lost on the way from one to the other, and the first
/// process of a container, to which the system's default does nothing, gets them too.
private final class StopSignals: Sendable {
    /// nil as long as the server loads.
    private let stop = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)

    /// Before any other thread is made: threads inherit what is blocked.
    static func block() {
        // A client that goes away is no reason to end.
        signal(SIGPIPE, SIG_IGN)
        var signals = waited
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private static var waited: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGTERM, SIGINT] { sigaddset(&signals, number) }
        return signals
    }

    /// Waits for the signals that `block` has blocked.
    init(_ logger: Logger) {
        DispatchQueue(label: "signals").async { [self] in
            while true {
                var (waited, number) = (StopSignals.waited, Int32(0))
                sigwait(&waited, &number)
                receive(logger)
            }
        }
    }

    /// From now on the first signal calls this.
    func handle(_ stop: @escaping @Sendable () -> Void) {
        self.stop.withLockedValue { $0 = stop }
    }

    private func receive(_ logger: Logger) {
        let stop = stop.withLockedValue { stop -> @Sendable () -> Void in
            guard let now = stop else {
                logger.info("stopped before it served")
                ServerLogging.flush()
                _exit(ServerExitCode.ok.rawValue)
            }
            stop = {}
            return now
        }
        stop()
    }
}
