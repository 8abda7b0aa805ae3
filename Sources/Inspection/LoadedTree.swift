// The tree that a start would load from a directory, loaded by recovery itself on a disk that keeps
// every change to itself.
import DataTree
import Recovery
import Storage
import ZKWire

struct LoadedTree {
    let tree: DataTree
    /// Where it came from, for people and for programs.
    let head: [(String, String)]
    let members: [JSONValue.Member]
    /// What a start would put right or pass over.
    let findings: [Finding]

    var status: InspectionStatus { findings.map(\.status).max() ?? .clean }

    enum Failure: Error {
        case unusable(InspectionError)
        /// A start would refuse the directory.
        case refused(Finding)
    }

    init<D: Disk>(
        _ disk: D, _ path: String, _ place: Place, _ output: Output
    ) throws(Failure) {
        switch place {
        case .own(let directory):
            self = try Self.whileStable(disk, directory) { () throws(RecoveryError) in
                try Self.loadOwn(disk, directory, path, output)
            }
        case .apache(let snapshots, let logs):
            do throws(RecoveryError) {
                self = try Self.loadApache(disk, snapshots, logs, path, output)
            } catch {
                throw Self.failure(error, path, log: logs)
            }
        case .file, .logDirectory, .snapshotDirectory:
            throw .unusable(
                .wrongDirectory(
                    path: path, expected: "a data directory: one with zknode or version-2 in it"))
        }
    }

    /// Beside a running server, files come and go while they are read; then it is tried again.
    private static func whileStable<D: Disk>(
        _ disk: D, _ directory: DataDirectory,
        _ body: () throws(RecoveryError) -> LoadedTree
    ) throws(Failure) -> LoadedTree {
        var attemptsLeft = 5
        while true {
            let before = DirectoryState(disk, directory)
            do throws(RecoveryError) {
                return try body()
            } catch {
                attemptsLeft -= 1
                if attemptsLeft == 0 || DirectoryState(disk, directory) == before {
                    throw failure(
                        error, directory.data, log: directory.log,
                        advice: Finding.absentLog(disk, directory)?.advice)
                }
            }
        }
    }

    private static func failure(
        _ error: RecoveryError, _ path: String, log: String, advice: String? = nil
    ) -> Failure {
        if case .disk(let disk) = error { return .unusable(.disk(disk)) }
        if case .log(.newerVersion(let file, let version)) = error {
            return .unusable(.newerLog(log + "/" + file, version))
        }
        if case .meta(.newerVersion) = error {
            return .unusable(
                .wrongDirectory(
                    path: path, expected: "of this version: \(error)",
                    advice: "Use the zkdump of the version that wrote it"))
        }
        return .refused(
            Finding(
                severity: .damage, path: path, offset: nil, zxid: nil, text: "\(error)",
                advice: advice ?? "A start refuses this directory; zkdump verify says more"))
    }

    init(
        _ tree: DataTree, head: [(String, String)], members: [JSONValue.Member],
        findings: [Finding]
    ) {
        self.tree = tree
        self.head = head
        self.members = members
        self.findings = findings
    }
}
