// zkdump: what is on this disk, is it whole, what changed and when. It reads; export alone writes,
// to a new directory.
import ArgumentParser

/// `zkdump`: looks into logs, snapshots and data directories, ours and Apache's.
@main
struct ZKDump: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zkdump",
        abstract: "Looks into logs, snapshots and data directories, ZKNode's and Apache's.",
        discussion: """
            Nothing that is there is changed and no lock is taken: it may run beside a server. Only \
            export writes, to a new directory. \
            Compressed and damaged files are read as far as they go, and the damage is reported.

            \(ExitTable.text)

            Example: zkdump verify /var/lib/zookeeper
            """,
        subcommands: [
            LogSubcommand.self,
            SnapshotSubcommand.self,
            TreeSubcommand.self,
            VerifySubcommand.self,
            DiffSubcommand.self,
            UsageSubcommand.self,
            Export.self,
        ])
}

/// What `--help` says about the exit status.
enum ExitTable {
    static let text = """
        Exit status:
          0   all of it is whole; diff: both are the same
          1   only the last write of a log was cut short, before it was
              acknowledged: harmless; diff: there are differences
          2   something is damaged or missing
          3   nothing could be said: no such file, no permission, not one of
              ours, of a later version
          64  wrong usage
        """
}
