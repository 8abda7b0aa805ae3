import ArgumentParser
import Inspection
import Storage

struct TreeSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Show what a start would load from a data directory: snapshot and log.",
        discussion: """
            Recovery itself runs, on a disk that keeps every change in memory.

            \(ExitTable.text)

            Example: zkdump tree /var/lib/zookeeper
            """)

    @Argument(help: "A data directory, ZKNode's or Apache's.")
    var directory: String

    @Option(help: "The directory that dataLogDir names, if it is set.")
    var logDir: String?

    @Flag(help: "List the znodes instead, each with its stat.")
    var nodes = false

    @Option(
        name: .customLong("path"),
        help: .init("With --nodes: only this znode and those below it.", valueName: "znode"))
    var prefix: PathArgument?

    @OptionGroup var output: OutputOptions

    func run() throws {
        let command = TreeCommand(
            PosixDisk(), path: directory, logDirectory: logDir, listsNodes: nodes,
            pathPrefix: prefix?.path)
        try output.run { (output) throws(InspectionError) in try command.run(output) }
    }

    func validate() throws {
        if prefix != nil, !nodes { throw ValidationError("--path goes with --nodes.") }
    }
}
