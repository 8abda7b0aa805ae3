// One of our data directories: meta, watermark, every segment, every snapshot, and how they go
// together.
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

struct OwnVerifier<D: Disk> {
    private let disk: D
    private let directory: DataDirectory
    private let output: Output

    init(_ disk: D, _ directory: DataDirectory, _ output: Output) {
        self.disk = disk
        self.directory = directory
        self.output = output
    }

    func run() throws(InspectionError) -> Verification {
        var verification = Verification()
        let names = try logNames()
        let hasLog = names.contains { LogFileNames.firstZxid(of: $0) != nil }
        let meta = try verifyMeta(&verification)
        // Before the segments: a running server moves it on behind what it has synced.
        let mark = try verifyWatermark(hasLog: hasLog, &verification)
        let snapshots =
            disk.exists(directory.snapshots)
            ? try SnapshotsVerifier(disk, output).run(directory.snapshots, &verification) : []
        let log = try verifyLog(names, meta, mark, snapshots, verification)
        verification = log.verification
        for name in names where LogFileNames.isAside(name) && name != "lock" {
            verification.skip(directory.log + "/" + name, "no part of the log")
        }
        if let absent = Finding.absentLog(disk, directory) { verification.add(absent) }
        if disk.exists(directory.apacheSnapshots) {
            verification.skip(directory.apacheSnapshots, "Apache's; give this path to verify it")
        }
        if let meta {
            SnapshotLinks(directory, meta).check(snapshots, log, &verification)
            checkStart(meta, &verification)
        }
        return verification
    }

    private func logNames() throws(InspectionError) -> [String] {
        guard disk.exists(directory.log) else { return [] }
        return try reading { () throws(DiskError) in try disk.list(directory.log) }
    }

    // MARK: meta and watermark

    private func verifyMeta(
        _ verification: inout Verification
    ) throws(InspectionError) -> MetaRecord? {
        let found = try reading { () throws(DiskError) in
            try MetaInspection(disk, directory: directory.own)
        }
        for (name, copy) in zip(MetaInspection.names, found.copies) {
            let path = directory.own + "/" + name
            switch copy {
            case .valid(let record, let sequence):
                verification.add(
                    path,
                    "number \(sequence), server \(record.serverID), ensemble "
                        + "0x\(String(record.ensembleID, radix: 16)), epoch \(record.currentEpoch)",
                    bytes: 512)
            case .newer(let version):
                throw .newerVersion(path: path, offset: 8, version: version, known: 1)
            case .missing:
                verification.add(path, "missing", [metaFinding(path, "missing", found)])
            case .damaged(let what):
                verification.add(path, "damaged", [metaFinding(path, what, found)])
            }
        }
        return found.record
    }

    private func metaFinding(
        _ path: String, _ what: String, _ found: MetaInspection
    ) -> Finding {
        let advice =
            found.record == nil
            ? "No copy is left of what this server has promised, so it does not start: "
                + "docs/operating/recovering.md#lost-meta"
            : "The other copy is good; a start puts it in this one's place"
        return Finding(
            severity: .damage, path: path, offset: 0, zxid: nil, text: "\(path): \(what)",
            advice: advice)
    }

    private func verifyWatermark(
        hasLog: Bool, _ verification: inout Verification
    ) throws(InspectionError) -> Watermark? {
        let path = directory.log + "/" + LogFileNames.watermark
        let found = try reading { () throws(DiskError) in
            try WatermarkInspection.read(disk, logDirectory: directory.log)
        }
        guard let found else {
            guard hasLog else { return nil }
            verification.add(path, "missing", [watermarkFinding(path, "missing")])
            return nil
        }
        guard let current = found.current else {
            guard hasLog else { return nil }
            verification.add(
                path, "unreadable", [watermarkFinding(path, "both slots are damaged")])
            return nil
        }
        var findings: [Finding] = []
        if found.slots.contains(.damaged) {
            findings.append(
                Finding(
                    severity: .torn, path: path, offset: found.slots[0] == .damaged ? 0 : 4096,
                    zxid: nil, text: "\(path): one of its two slots is damaged, as by a crash",
                    advice: "The other one counts; the next write puts it right"))
        }
        verification.add(path, "synced up to \(current.point.zxid)", findings, bytes: 8192)
        return current
    }

    private func watermarkFinding(_ path: String, _ what: String) -> Finding {
        Finding(
            severity: .damage, path: path, offset: 0, zxid: nil, text: "\(path): \(what)",
            advice: "A start goes by the log alone, and would not notice that its end is missing: "
                + "compare the last zxid with another member's")
    }

    // MARK: the log

    private func verifyLog(
        _ names: [String], _ meta: MetaRecord?, _ mark: Watermark?,
        _ snapshots: [SnapshotInspection], _ verification: Verification
    ) throws(InspectionError) -> LogVerifier {
        var visitor = LogVerifier(
            verification, wanted: snapshots.compactMap { $0.footer?.startZxid })
        var walk = OwnLogWalk(
            disk, output, watermark: meta.map { mark?.relative(to: $0.base) } ?? mark)
        let paths = names.filter { LogFileNames.firstZxid(of: $0) != nil }
            .map { directory.log + "/" + $0 }
        for path in paths { try LogSource.checkVersion(disk, path) }
        try walk.run(paths, &visitor)
        return visitor
    }

    /// What a start says, in case it objects to something that no file shows by itself.
    private func checkStart(_ meta: MetaRecord, _ verification: inout Verification) {
        guard verification.status < .damaged else { return }
        let configuration = TxnLogConfiguration(ensembleID: meta.ensembleID, saltSeed: 0)
        do throws(TxnLogError) {
            let opened = try TxnLog.open(
                disk: OverlayDisk(disk), directory: directory.log, configuration: configuration,
                base: meta.base)
            try opened.log.close()
        } catch {
            verification.add(
                Finding(
                    severity: .damage, path: directory.log, offset: nil, zxid: nil,
                    text: "\(directory.log): \(error)", advice: "A start refuses this directory"))
        }
    }
}
