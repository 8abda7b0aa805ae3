import ArgumentParser
import Glibc
import ZKNode

/// `zknode`: the server and what belongs to running it.
@main
struct ZKNodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zknode",
        abstract: "A coordination server that speaks ZooKeeper's protocol.",
        subcommands: [
            Serve.self, SnapshotCommand.self, HandoverCommand.self, BackupCommand.self,
            RestoreCommand.self, Version.self,
        ])

    /// As the library's own, but for the code of a command line that cannot be used
    /// (docs/operating/exit-codes.md).
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            var message = fullMessage(for: error) + "\n"
            message.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
            Glibc.exit(ServerExitCode.badConfiguration.rawValue)
        }
    }
}
