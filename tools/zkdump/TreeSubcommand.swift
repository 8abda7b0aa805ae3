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

    @Flag(help: "List the znodes instead, each with its stat.")
    var nodes = false

    @OptionGroup var filter: NodeFilterOptions
    @OptionGroup var logDirectory: LogDirectoryOption
    @OptionGroup var output: OutputOptions

    func run() throws {
        let command = TreeCommand(
            PosixDisk(), path: directory, logDirectory: logDirectory.path, listsNodes: nodes,
            filter: filter.value)
        try output.run { (output) throws(InspectionError) in try command.run(output) }
    }

    func validate() throws {
        try filter.check(listsNodes: nodes)
    }
}
