import DataTree
import Recovery
import Snapshot
import Storage
import ZKWire

extension LoadedTree {
    static func loadOwn<D: Disk>(
        _ disk: D, _ directory: DataDirectory, _ path: String, _ output: Output
    ) throws(RecoveryError) -> LoadedTree {
        let overlay = OverlayDisk(disk)
        let meta = try onDisk { () throws(DiskError) in
            try MetaInspection(disk, directory: directory.own).record
        }
        // The directory's own server, and an id for an import that is never written.
        var configuration = RecoveryConfiguration(
            serverID: ServerID(rawValue: meta?.serverID ?? 0), newEnsembleID: 1, seed: 0)
        configuration.isLogRequired = false
        let state = try Recovery(overlay, directory, configuration).load { step in
            output.progress(step, path, snapshots: directory.snapshots, on: disk)
        }
        let report = state.report
        var findings = report.skipped.map { skipped(path, $0) }
        if let absent = Finding.absentLog(disk, directory) { findings.append(absent) }
        switch report.log?.verdict {
        case .tornTail(let file, let offset, _):
            findings.append(torn(directory.log + "/" + file, Int64(offset)))
        case .discardedSegment(let file, _):
            findings.append(torn(directory.log + "/" + file, 0))
        case .clean, nil: break
        }
        let kind = report.start == .importApache ? "Apache's, to be imported" : "ours"
        return LoadedTree(
            state.tree, kind: kind, snapshot: report.imported?.snapshot ?? report.snapshot,
            replayed: report.imported?.replayedCount ?? report.replayedCount,
            meta: state.meta.record, findings, path)
    }

    static func loadApache<D: Disk>(
        _ disk: D, _ snapshots: String, _ logs: String, _ path: String, _ output: Output
    ) throws(RecoveryError) -> LoadedTree {
        let directory = ApacheDirectory(disk, snapshots: snapshots, logs: logs)
        let state = try directory.load(seed: 0) { step in
            output.progress(step, path, snapshots: snapshots, on: disk)
        }
        var findings = state.skipped.map { skipped(path, $0) }
        if let tail = state.tornTail {
            findings.append(
                Finding(
                    severity: .torn, path: path, offset: nil, zxid: nil,
                    text: "\(logs)/\(tail): the last record is not complete",
                    advice: Finding.tornLog))
        }
        return LoadedTree(
            state.tree, kind: "Apache's", snapshot: state.snapshot,
            replayed: state.replayedCount, meta: nil, findings, path)
    }

    private init(
        _ tree: DataTree, kind: String, snapshot: SnapshotName?, replayed: UInt64,
        meta: MetaRecord?, _ findings: [Finding], _ path: String
    ) {
        let from = snapshot?.fileName ?? "none: the log from its beginning"
        var head = [
            ("format", kind), ("zxid", "\(tree.lastProcessedZxid)"), ("snapshot", from),
            ("replayed", "\(replayed) transactions"),
        ]
        var members: [JSONValue.Member] = [
            .init(key: "type", value: "tree"), .init(key: "directory", value: .string(path)),
            .init(key: "format", value: .string(kind)),
            .init(key: "zxid", value: .string("\(tree.lastProcessedZxid)")),
            .init(key: "snapshot", value: snapshot.map { .string($0.fileName) } ?? .null),
            .init(key: "replayed", value: .integer(replayed)),
        ]
        if let meta {
            head.append(
                (
                    "server",
                    "\(meta.serverID) of ensemble 0x\(String(meta.ensembleID, radix: 16)), epoch "
                        + "\(meta.currentEpoch) (accepted \(meta.acceptedEpoch))"
                ))
            members += [
                .init(key: "server", value: .integer(meta.serverID)),
                .init(
                    key: "ensemble", value: .string("0x" + String(meta.ensembleID, radix: 16))),
                .init(key: "currentEpoch", value: .integer(meta.currentEpoch)),
                .init(key: "acceptedEpoch", value: .integer(meta.acceptedEpoch)),
            ]
        }
        self.init(tree, head: head, members: members, findings: findings)
    }

    private static func torn(_ path: String, _ offset: Int64) -> Finding {
        Finding(
            severity: .torn, path: path, offset: offset, zxid: nil,
            text: "\(path) at offset \(offset): the last write is not complete",
            advice: Finding.tornLog)
    }

    /// An older snapshot and a longer log did as well.
    private static func skipped(_ path: String, _ file: SkippedFile) -> Finding {
        Finding(
            severity: .damage, path: path, offset: nil, zxid: nil,
            text: "\(file.name) is not used: \(file.reason)",
            advice: "The tree is complete without it; zkdump verify says more")
    }

    private static func onDisk<T>(
        _ body: () throws(DiskError) -> T
    ) throws(RecoveryError) -> T {
        do throws(DiskError) {
            return try body()
        } catch {
            throw .disk(error)
        }
    }
}
