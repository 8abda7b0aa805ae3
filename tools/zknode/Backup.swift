import ArgumentParser
import Glibc
import Maintenance
import Recovery
import Storage

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy a data directory, also of a running server, so that it can be restored.",
        discussion: """
            Copies the newest snapshots, the log that makes them whole, and meta; reads the copy \
            back; and writes OUT/MANIFEST, with sizes and checksums, last. OUT has the shape of a \
            data directory. The source is not changed, and a running server goes on.

            Exit codes: 0 done, 3 a directory cannot be used, 5 damage, 6 the log that the \
            snapshots need is not all there, 10 writing failed, 2 wrong command line.

            Example: zknode backup --data-dir /var/lib/zknode /backup/2026-11-23
            Example: zknode backup --verify /backup/2026-11-23
            """)

    @Option(help: "The server's dataDir.")
    var dataDir = "./data"

    @Option(help: "The server's dataLogDir, if it has one.")
    var dataLogDir: String?

    @Option(help: "How many snapshots are copied at most, newest first.")
    var snapshots = 3

    @Flag(help: "Check the backup OUT instead of making one.")
    var verify = false

    @Flag(help: "Say nothing on the way.")
    var quiet = false

    @Argument(help: "The new directory.")
    var out: String

    func validate() throws {
        guard snapshots >= 1 else { throw ValidationError("--snapshots is at least 1") }
    }

    func run() throws {
        try reporting("backup") { () throws(MaintenanceError) in
            if verify {
                printSummary(try BackupVerification(PosixDisk(), out).run(), "is whole")
                return
            }
            let report = try Backup(
                PosixDisk(), of: DataDirectory(dataDir, dataLog: dataLogDir), to: out,
                maximumSnapshots: snapshots, progress: progressPrinter(quiet)
            ).run(now: wallMilliseconds())
            for note in report.notes { complain("note: \(note)") }
            printSummary(report.manifest, "made" + (report.isLive ? " from a running server" : ""))
            for name in report.snapshots {
                print("snapshot \(out)/zknode/snapshot/\(name.fileName)")
            }
        }
    }

    private func printSummary(_ manifest: BackupManifest, _ what: String) {
        print(
            """
            backup \(out) \(what): \(manifest.entries.count) files, \(manifest.sizeBytes) bytes, \
            up to zxid \(manifest.zxid)
            """)
    }
}

/// Runs `body`; what it throws becomes a line and the exit code that is documented for it.
func reporting(_ command: String, _ body: () throws(MaintenanceError) -> Void) throws {
    do throws(MaintenanceError) {
        try body()
    } catch {
        complain("zknode \(command): \(error)")
        throw ExitCode(error.exit.rawValue)
    }
}

/// Progress goes to standard error, and only to people.
func progressPrinter(_ isQuiet: Bool) -> (String) -> Void {
    guard !isQuiet, isatty(STDERR_FILENO) == 1 else { return { _ in } }
    return { complain($0 + " ...") }
}

func wallMilliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}
