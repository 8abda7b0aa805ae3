import ArgumentParser
import Inspection
import Storage

struct VerifySubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every checksum of a data directory, and that its history is whole.",
        discussion: """
            A line for each file, then a verdict. Checked are meta, the watermark, every record \
            and its link to the one before, across segments, every snapshot and its link to the \
            log; in Apache's directories what of it they have.

            \(ExitTable.text)

            Example: zkdump verify /var/lib/zookeeper || echo "look at it"
            """)

    @Argument(help: "A data directory, ZKNode's or Apache's, or a directory of logs or snapshots.")
    var directory: String

    @OptionGroup var logDirectory: LogDirectoryOption
    @OptionGroup var output: OutputOptions

    func run() throws {
        let command = VerifyCommand(
            PosixDisk(), path: directory, logDirectory: logDirectory.path)
        try output.run { (output) throws(InspectionError) in try command.run(output) }
    }
}
