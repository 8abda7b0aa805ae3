import Recovery
import Snapshot
import Storage
import ZKWire

/// How the snapshots go together with the log: their footers name a point of it.
struct SnapshotLinks {
    private let directory: DataDirectory
    private let meta: MetaRecord

    init(_ directory: DataDirectory, _ meta: MetaRecord) {
        self.directory = directory
        self.meta = meta
    }

    /// - Parameter snapshots: those that are whole.
    func check(
        _ snapshots: [SnapshotInspection], _ log: LogVerifier, _ verification: inout Verification
    ) {
        let base = Zxid(rawValue: meta.baseZxid)
        let last = log.last ?? log.startsAfter ?? base
        let startsAfter = log.startsAfter ?? base
        var usable = 0
        for snapshot in snapshots {
            guard let footer = snapshot.footer else { continue }
            if let finding = check(snapshot.path, footer, log, startsAfter, last) {
                verification.add(finding)
            } else {
                usable += 1
            }
        }
        guard usable == 0, startsAfter > .zero || base > .zero else { return }
        verification.add(
            damage(
                directory.snapshots, nil,
                "\(directory.snapshots): no snapshot can be used, and the log begins only after "
                    + "zxid \(startsAfter)",
                "corrupt-snapshot"))
    }

    private func check(
        _ path: String, _ footer: SnapshotFooter, _ log: LogVerifier, _ startsAfter: Zxid,
        _ last: Zxid
    ) -> Finding? {
        let ours = SnapshotOrigin(ensembleID: meta.ensembleID, generation: meta.baseGeneration)
        guard footer.origin == ours else {
            return note(
                path,
                "\(path) belongs to ensemble 0x\(String(footer.origin.ensembleID, radix: 16)), "
                    + "generation \(footer.origin.generation), and not to this log's history")
        }
        guard footer.endZxid <= last else {
            return damage(
                path, footer.endZxid,
                "\(path) was made when the log reached zxid \(footer.endZxid), and it ends at "
                    + "\(last)", "missing-segment")
        }
        guard footer.startZxid >= startsAfter else {
            return note(
                path,
                "\(path) needs the log from zxid \(footer.startZxid) on, which begins only after "
                    + "\(startsAfter)")
        }
        guard footer.chain != 0 else { return nil }
        guard let point = log.points[footer.startZxid] else {
            return damage(
                path, footer.startZxid,
                "\(path) continues the record \(footer.startZxid), which the log does not have",
                "corrupt-log")
        }
        guard point.checksum == footer.chain else {
            return damage(
                path, footer.startZxid,
                "\(path) continues the record \(footer.startZxid) with checksum "
                    + "\(hexWord(footer.chain)), and the log's has \(hexWord(point.checksum)): "
                    + "they are of two histories", "corrupt-log")
        }
        return nil
    }

    private func note(_ path: String, _ text: String) -> Finding {
        Finding(
            severity: .note, path: path, offset: nil, zxid: nil, text: text,
            advice: "A start passes it over")
    }

    private func damage(
        _ path: String, _ zxid: Zxid?, _ text: String, _ anchor: String
    ) -> Finding {
        Finding(
            severity: .damage, path: path, offset: nil, zxid: zxid, text: text,
            advice: "docs/operating/recovering.md#\(anchor)")
    }
}
