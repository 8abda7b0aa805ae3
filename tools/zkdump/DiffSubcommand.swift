import ArgumentParser
import Inspection
import Storage

struct DiffSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what changed from one snapshot or data directory to another.",
        discussion: """
            Either side may be a snapshot or a data directory, ZKNode's or Apache's. Znodes that were
            created (+), deleted (-) and changed (~, with the fields), and sessions.

            \(ExitTable.text)

            Example: zkdump diff snapshot.100000005.lz4 /var/lib/zookeeper
            """)

    @Argument(help: "What it was.")
    var before: String

    @Argument(help: "What it is.")
    var after: String

    @OptionGroup var output: OutputOptions

    func run() throws {
        let command = DiffCommand(PosixDisk(), from: before, to: after)
        try output.run { (output) throws(InspectionError) in try command.run(output) }
    }
}
