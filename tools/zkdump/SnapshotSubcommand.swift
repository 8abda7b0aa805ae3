import ArgumentParser
import Inspection
import Storage

struct SnapshotSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Summarize a snapshot, or list its znodes.",
        discussion: """
            Takes a snapshot of ZKNode's (.lz4) or of Apache's (plain, .gz, .snappy), whatever its \
            name. Every checksum is verified.

            \(ExitTable.text)

            Example: zkdump snapshot snapshot.100000005.lz4 --nodes --path /brokers
            """)

    @Argument(help: "A snapshot file.")
    var file: String

    @Flag(help: "List the znodes instead, each with its stat.")
    var nodes = false

    @OptionGroup var filter: NodeFilterOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let command = SnapshotCommand(
            PosixDisk(), path: file, listsNodes: nodes, filter: filter.value)
        try output.run { (output) throws(InspectionError) in try command.run(output) }
    }

    func validate() throws {
        try filter.check(listsNodes: nodes)
    }
}
