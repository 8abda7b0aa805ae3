// `zkdump verify`: every checksum, every link of the chain, and whether a start would take it.
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

package struct VerifyCommand<D: Disk> {
    let disk: D
    private let path: String
    private let logDirectory: String?

    package init(_ disk: D, path: String, logDirectory: String? = nil) {
        self.disk = disk
        self.path = normalized(path)
        self.logDirectory = logDirectory.map { normalized($0) }
    }

    package func run(_ output: Output) throws(InspectionError) -> InspectionStatus {
        let verification: Verification
        switch try Place(disk, path, logDirectory: logDirectory) {
        case .own(let directory): verification = try verifyStable(directory, output)
        case .apache(let snapshots, let logs):
            verification = try ApacheVerifier(disk, path, output).run(snapshots, logs)
        case .logDirectory:
            var found = Verification()
            try verifyLogAlone(path, &found, output)
            verification = found
        case .snapshotDirectory:
            var found = Verification()
            _ = try SnapshotsVerifier(disk, output).run(path, &found)
            verification = found
        case .file:
            throw .wrongDirectory(
                path: path, expected: "a directory",
                advice: "zkdump log and zkdump snapshot check single files")
        }
        verification.print(to: output)
        return verification.status
    }

    /// Beside a running server, a write under way looks like a torn one, and files come and go;
    /// then it is looked at again.
    private func verifyStable(
        _ directory: DataDirectory, _ output: Output
    ) throws(InspectionError) -> Verification {
        var attemptsLeft = 5
        while true {
            attemptsLeft -= 1
            let before = DirectoryState(disk, directory)
            do throws(InspectionError) {
                let found = try OwnVerifier(disk, directory, output).run()
                if found.status == .clean || attemptsLeft == 0 { return found }
                if DirectoryState(disk, directory) == before { return found }
            } catch {
                if attemptsLeft == 0 || DirectoryState(disk, directory) == before { throw error }
            }
        }
    }

    private func verifyLogAlone(
        _ path: String, _ verification: inout Verification, _ output: Output
    ) throws(InspectionError) {
        let source = try LogSource(directory: disk, path)
        var visitor = LogVerifier(verification, wanted: [])
        var walk = OwnLogWalk(disk, output, watermark: source.watermark)
        try walk.run(source.paths, &visitor)
        verification = visitor.verification
    }
}
