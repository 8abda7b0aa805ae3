import ArgumentParser
import Inspection
import Storage

struct DiffSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what changed from one snapshot or data directory to another.",
        discussion: """
            Either side may be a snapshot or a data directory, ZKNode's or Apache's. Znodes that \
            were created (+), deleted (-) and changed (~, with the fields), and sessions.

            \(ExitTable.text)

            Example: zkdump diff snapshot.100000005.lz4 /var/lib/zookeeper
            """)

    @Argument(help: "What it was.")
    var before: String

    @Argument(help: "What it is.")
    var after: String

    @Option(
        name: .customLong("path"),
        help: .init(
            "Only this znode and those below it, and no sessions.", valueName: "znode"))
    var prefix: PathArgument?

    @Option(help: "The directory that dataLogDir names, if it is set, for <before>.")
    var beforeLogDir: String?

    @Option(help: "The same for <after>.")
    var logDir: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        let command = DiffCommand(
            PosixDisk(), from: .init(before, logDirectory: beforeLogDir),
            to: .init(after, logDirectory: logDir), pathPrefix: prefix?.path)
        try output.run { (output) throws(InspectionError) in try command.run(output) }
    }
}
