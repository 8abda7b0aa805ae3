import ArgumentParser
import Maintenance
import Storage
import ZKWire

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Build a new data directory from a snapshot and, if given, a log.",
        discussion: """
            --snapshot is a file of this server's (.lz4) or of Apache ZooKeeper's (plain, .gz, \
            .snappy). --logs is a directory of log files, a data directory or a backup, and may \
            belong to a running server; of one with a dataLogDir, that. --to stops at a zxid \
            (0x2a, or decimal) or at a time (ISO 8601, UTC unless it has a zone, or milliseconds \
            since 1970): the last transaction that \
            is not later. Without --snapshot the log has to begin at the beginning.

            Everything is verified before anything is written, nothing is overwritten, and what \
            was given stays as it is. The new directory is a new history: clients that have seen \
            later transactions have to be started anew, and --data-log-dir has to be empty.

            Exit codes: 0 done, 3 a directory cannot be used, 5 damage in what was given, 6 the \
            point cannot be reached with it, 10 writing failed, 2 wrong command line.

            Example: zknode restore --snapshot /backup/zknode/snapshot/snapshot.2a.lz4 \
            --logs /backup --to 2026-11-23T02:00:00Z --data-dir /var/lib/zknode-restored
            """)

    @Option(help: "The snapshot's file.")
    var snapshot: String?

    @Option(help: "Where the log is.")
    var logs: String?

    @Option(help: "A zxid or a time to stop at; else the end of the log.")
    var to: String?

    @Option(help: "The new data directory.")
    var dataDir: String

    @Option(help: "The new server's dataLogDir, if it is to have one.")
    var dataLogDir: String?

    @Option(help: "The number in the new server's myid; 0 for a standalone server.")
    var myid: Int64 = 0

    @Flag(help: "Say nothing on the way.")
    var quiet = false

    func validate() throws {
        guard snapshot != nil || logs != nil else {
            throw ValidationError("give --snapshot, --logs or both")
        }
        guard to.map({ RestorePoint($0) != nil }) ?? true else {
            throw ValidationError(
                "--to is a zxid (0x2a or 42) or a time (2026-11-23T02:00:00Z, or milliseconds "
                    + "since 1970)")
        }
    }

    func run() throws {
        var random = SystemRandomNumberGenerator()
        var request = RestoreRequest(
            dataDirectory: dataDir, ensembleID: UInt64.random(in: 1...UInt64.max, using: &random),
            seed: random.next())
        request.snapshot = snapshot
        request.logs = logs
        request.dataLogDirectory = dataLogDir
        request.to = to.flatMap { RestorePoint($0) } ?? .end
        request.serverID = ServerID(rawValue: myid)
        try reporting("restore") { () throws(MaintenanceError) in
            let restore = Restore(PosixDisk(), request, progress: progressPrinter(quiet))
            let report = try restore.run()
            for note in report.notes { complain("note: \(note)") }
            printSummary(report)
        }
    }

    private func printSummary(_ report: RestoreReport) {
        print("restored \(dataDir)" + (dataLogDir.map { ", with dataLogDir \($0)" } ?? ""))
        print("zxid \(report.zxid)")
        if let time = report.lastTime {
            print("time of the last transaction \(TimeText.format(time))")
        } else if report.newestChangeTime > 0 {
            print("newest change of a znode \(TimeText.format(report.newestChangeTime))")
        }
        print("transactions replayed \(report.replayedCount)")
        print(
            """
            znodes \(report.znodeCount), of them ephemeral \(report.ephemeralCount); \
            sessions \(report.sessionCount)
            """)
    }
}
