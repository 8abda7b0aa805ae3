import ArgumentParser
import Glibc
import Inspection
import Maintenance
import Recovery
import Storage

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a data directory that Apache ZooKeeper starts from.",
        discussion: """
            DIR is a data directory of this server's, also of one that is running, or of Apache's; \
            it is only read. OUT is new: name it as dataDir in Apache's zoo.cfg. It gets \
            version-2/snapshot.<zxid> with the whole tree, the sessions and all access control \
            lists as they are after the last transaction, and the two epoch files.

            Exit codes: 0 done, 3 a directory cannot be used, 5 damage, 6 the log that the \
            snapshots need is not all there, 10 writing failed, 64 wrong command line.

            Example: zkdump export --format apache /var/lib/zknode /var/lib/zookeeper
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case apache }

    @Option(help: "What to write; apache is what there is.")
    var format = Format.apache

    @OptionGroup var logDirectory: LogDirectoryOption

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(help: "The data directory.")
    var dir: String

    @Argument(help: "The new directory.")
    var out: String

    func run() throws {
        var random = SystemRandomNumberGenerator()
        let isForPeople = isatty(STDERR_FILENO) == 1
        let export = ApacheExport(
            PosixDisk(), from: DataDirectory(dir, dataLog: logDirectory.path), to: out,
            seed: random.next()
        ) { if isForPeople { say($0 + " ...") } }
        do throws(MaintenanceError) {
            let report = try export.run()
            for note in report.notes { say("note: \(note)") }
            show(report)
        } catch {
            say("zkdump export: \(error)")
            throw ExitCode(error.exit.rawValue)
        }
    }

    private func show(_ report: ExportReport) {
        if json {
            let members: KeyValuePairs<String, JSONValue> = [
                "type": "export", "snapshot": .string(report.snapshot),
                "zxid": .string("\(report.zxid)"), "znodes": .integer(report.znodeCount),
                "sessions": .integer(report.sessionCount), "bytes": .integer(report.sizeBytes),
                "notes": .array(report.notes.map { .string($0) }),
            ]
            return print(JSONValue.object(members).text)
        }
        print("exported \(report.snapshot)")
        print("zxid \(report.zxid)")
        print("znodes \(report.znodeCount), sessions \(report.sessionCount)")
    }
}

/// One line on standard error.
private func say(_ line: String) {
    var text = line + "\n"
    text.withUTF8 { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
}
