import ArgumentParser
import Inspection
import Storage

struct UsageSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "du",
        abstract: "Show which subtrees the znodes and bytes are in, the largest first.",
        discussion: """
            BYTES counts paths and values, VALUES values alone; each row has everything below it.

            \(ExitTable.text)

            Example: zkdump du snapshot.100000005.lz4 --depth 2
            """)

    @Argument(help: .init("A snapshot or a data directory.", valueName: "snapshot"))
    var path: String

    @Option(help: "How far down: 0 is the root alone, or the znode that --path names.")
    var depth = 1

    @Option(
        name: .customLong("path"),
        help: .init("Only this znode and those below it.", valueName: "znode"))
    var prefix: PathArgument?

    @OptionGroup var logDirectory: LogDirectoryOption
    @OptionGroup var output: OutputOptions

    func run() throws {
        let command = UsageCommand(
            PosixDisk(), path: path, logDirectory: logDirectory.path, depth: depth,
            pathPrefix: prefix?.path)
        try output.run { (output) throws(InspectionError) in try command.run(output) }
    }

    func validate() throws {
        if depth < 0 || depth > 64 { throw ValidationError("--depth goes from 0 to 64.") }
    }
}
