import ArgumentParser

/// `zknode`: the server and what belongs to running it.
@main
struct ZKNodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zknode",
        abstract: "A coordination server that speaks ZooKeeper's protocol.",
        subcommands: [
            Serve.self, SnapshotCommand.self, BackupCommand.self, RestoreCommand.self, Version.self,
        ])
}
