// One of Apache's directories: every snapshot, every log file, and whether an import would take it.
import Recovery
import Snapshot
import Storage
import ZKWire

struct ApacheVerifier<D: Disk> {
    private let disk: D
    private let path: String
    private let output: Output

    init(_ disk: D, _ path: String, _ output: Output) {
        self.disk = disk
        self.path = path
        self.output = output
    }

    func run(_ snapshots: String, _ logs: String) throws(InspectionError) -> Verification {
        var verification = Verification()
        if disk.exists(snapshots) {
            _ = try SnapshotsVerifier(disk, output).run(snapshots, &verification)
        }
        if disk.exists(logs) {
            let source = try LogSource(apache: disk, logs)
            var visitor = LogVerifier(verification, wanted: [])
            var walk = ApacheLogWalk(disk, output)
            try walk.run(source.paths, &visitor)
            verification = visitor.verification
        }
        guard verification.status < .damaged else { return verification }
        do throws(RecoveryError) {
            let directory = ApacheDirectory(disk, snapshots: snapshots, logs: logs)
            _ = try directory.load(seed: 0) { step in
                output.progress(step, path, snapshots: snapshots, on: disk)
            }
        } catch {
            verification.add(
                Finding(
                    severity: .damage, path: path, offset: nil, zxid: nil, text: "\(error)",
                    advice: "An import refuses this directory"))
        }
        return verification
    }
}
