import ArgumentParser
import Inspection
import Storage

struct LogSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Print every transaction of a log.",
        discussion: """
            Takes a log file, a directory of them, or a data directory, ZKNode's or Apache's. \
            Times are UTC. With several conditions, all have to hold.

            \(ExitTable.text)

            Example: zkdump log /var/lib/zookeeper --from 0x300000001 --path /brokers
            """)

    @Argument(help: .init("A log file or a directory.", valueName: "file"))
    var path: String

    @Option(help: .init("The first transaction to show, in hexadecimal.", valueName: "zxid"))
    var from: ZxidArgument?

    @Option(help: .init("The last transaction to show, in hexadecimal.", valueName: "zxid"))
    var to: ZxidArgument?

    @Option(
        name: .customLong("path"),
        help: .init("Only what touches this znode or one below it.", valueName: "znode"))
    var prefix: PathArgument?

    @Option(help: .init("Only what this session did, in hexadecimal.", valueName: "id"))
    var session: SessionArgument?

    @OptionGroup var logDirectory: LogDirectoryOption
    @OptionGroup var output: OutputOptions

    func run() throws {
        var filter = LogFilter()
        filter.from = from?.zxid
        filter.to = to?.zxid
        filter.pathPrefix = prefix?.path
        filter.session = session?.session
        let command = LogCommand(
            PosixDisk(), path: path, logDirectory: logDirectory.path, filter: filter)
        try output.run { (output) throws(InspectionError) in try command.run(output) }
    }
}
