// A data directory as a start would recover it, without changing it and while a server may be using
// it. A live server appends, begins segments and recycles old ones meanwhile; a reading that such a
// change got in the way of is begun again.

import DataTree
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// What a start would load.
package struct LoadedDirectory {
    package let tree: DataTree
    package let acceptedEpoch: Epoch
    package let currentEpoch: Epoch
    /// What was passed over or cut, in words.
    package let notes: [String]
}

package struct DirectoryReader<D: Disk> {
    let disk: D
    let directory: DataDirectory

    /// How often a reading is begun again before a live server is held to be too quick.
    static var maximumTries: Int { 5 }

    package init(_ disk: D, _ directory: DataDirectory) {
        self.disk = disk
        self.directory = directory
    }

    /// Whether a server of ours has data here.
    package var hasOwn: Bool {
        ["meta-a", "meta-b"].contains { disk.exists(directory.own + "/" + $0) }
    }

    /// - Parameter seed: of the tree's path hash.
    package func load(
        seed: UInt64, progress: (String) -> Void = { _ in }
    ) throws(MaintenanceError) -> LoadedDirectory {
        if hasOwn {
            return try retrying(progress) { () throws(MaintenanceError) in
                try loadOwn(seed, progress)
            }
        }
        let apache = ApacheDirectory(
            disk, snapshots: directory.apacheSnapshots, logs: directory.apacheLogs)
        guard try onRecovery({ () throws(RecoveryError) in try apache.hasData() }) else {
            throw .notDataDirectory(path: directory.data, expected: "zknode/meta-a or version-2/")
        }
        let state = try onRecovery { () throws(RecoveryError) in try apache.load(seed: seed) }
        return LoadedDirectory(
            tree: state.tree, acceptedEpoch: state.acceptedEpoch, currentEpoch: state.currentEpoch,
            notes: state.skipped.map { "passed over \($0.name): \($0.reason)" })
    }

    /// The directory's identity, its copies repaired in memory only.
    func meta(_ overlay: OverlayDisk<D>? = nil) throws(MaintenanceError) -> MetaRecord {
        let overlay = overlay ?? OverlayDisk(disk)
        let meta = try onMeta { () throws(MetaError) in
            try MetaStore(disk: overlay, directory: directory.own, hasHistory: true)
        }
        guard let record = meta.record else {
            throw .notDataDirectory(path: directory.data, expected: "zknode/meta-a")
        }
        return record
    }

    private func loadOwn(
        _ seed: UInt64, _ progress: (String) -> Void
    ) throws(MaintenanceError) -> LoadedDirectory {
        let overlay = OverlayDisk(disk)
        let meta = try meta(overlay)
        let configuration = RecoveryConfiguration(
            serverID: ServerID(rawValue: meta.serverID), newEnsembleID: meta.ensembleID, seed: seed)
        let state = try onRecovery { () throws(RecoveryError) in
            try Recovery(overlay, directory, configuration).load { step in
                progress(step.text)
            }
        }
        return LoadedDirectory(
            tree: state.tree, acceptedEpoch: Epoch(rawValue: meta.acceptedEpoch),
            currentEpoch: Epoch(rawValue: meta.currentEpoch),
            notes: state.report.skipped.map { "passed over \($0.name): \($0.reason)" })
    }

    /// Runs `body` again if it failed and the directory had gone on meanwhile.
    func retrying<T>(
        _ progress: (String) -> Void, _ body: () throws(MaintenanceError) -> T
    ) throws(MaintenanceError) -> T {
        var tries = 1
        while true {
            let before = mark
            do throws(MaintenanceError) {
                return try body()
            } catch {
                guard tries < Self.maximumTries, mark != before else { throw error }
                progress("the server went on meanwhile; reading again")
                tries += 1
            }
        }
    }

    /// Something that differs after any change that a server makes.
    private var mark: [String] {
        var mark: [String] = []
        for path in [directory.log, directory.snapshots] {
            mark += (try? disk.list(path)) ?? []
        }
        let watermark = (try? disk.readFile(directory.log + "/watermark")) ?? []
        return mark + [watermark.map { String($0, radix: 16) }.joined(separator: " ")]
    }
}

extension RecoveryProgress {
    var text: String {
        switch self {
        case .snapshot(let name, let bytes): "reading \(name.fileName): \(bytes >> 20) MiB"
        case .replay(let zxid, let last): "replaying the log: \(zxid) of \(last)"
        }
    }
}
