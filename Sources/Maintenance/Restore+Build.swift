// Writing the restored state so that an unfinished directory is never taken for a whole one:
//
// 1. A text that is no `meta` is put where `meta-a` goes. A start refuses that.
// 2. The tree becomes a snapshot: synced, named, and read back in full.
// 3. The text goes. A start refuses snapshots without a `meta`.
// 4. The log's directory is made and `meta` written, as after an import: from its first copy on the
//    directory is whole, and a log's directory that is not there is a lost one.

import DataTree
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

extension Restore {
    private static var mark: String {
        "This directory is being restored. If nobody is at it any more, remove it.\n"
    }

    private var target: DataDirectory {
        DataDirectory(request.dataDirectory, dataLog: request.dataLogDirectory)
    }
    private var markPath: String { target.own + "/meta-a" }

    /// Refuses directories that have anything in them.
    func checkTarget() throws(MaintenanceError) {
        if target.dataLog != target.data { try checkHasNoLog() }
        guard disk.exists(request.dataDirectory) else { return }
        let names = try onDisk { () throws(DiskError) in try disk.list(request.dataDirectory) }
        if names.isEmpty { return }
        if isMarked { throw .unfinishedRestore(path: request.dataDirectory) }
        throw .notEmpty(path: request.dataDirectory)
    }

    /// Of a restore that was cut short nothing is left in `dataLogDir` but directories.
    private func checkHasNoLog() throws(MaintenanceError) {
        var path = target.dataLog
        for inner in [target.ownLog, target.log] {
            guard disk.exists(inner) else { break }
            let names = try onDisk { () throws(DiskError) in try disk.list(path) }
            guard names.count == 1 else { break }
            path = inner
        }
        guard disk.exists(path) else { return }
        let names = try onDisk { () throws(DiskError) in try disk.list(path) }
        if !names.isEmpty { throw .notEmpty(path: target.dataLog) }
    }

    private var isMarked: Bool {
        guard let file = try? disk.openForReading(markPath) else { return false }
        defer { file.close() }
        let wanted = Array(Self.mark.utf8)
        return (try? file.readBytes(wanted.count + 1, at: 0)) == wanted
    }

    func build(_ tree: DataTree) throws(MaintenanceError) {
        let zxid = tree.lastProcessedZxid
        try onDisk { () throws(DiskError) in try prepareTarget() }
        let base = LogBase(generation: 1, point: ChainPoint(zxid: zxid, checksum: 0))
        try writeSnapshot(
            of: tree,
            SnapshotOrigin(ensembleID: request.ensembleID, generation: base.generation))
        try onDisk { () throws(DiskError) in
            try disk.remove(markPath)
            try makeLogDirectory()
            try disk.syncDirectory(target.own)
        }
        try onMeta { () throws(MetaError) in
            var meta = try MetaStore(disk: disk, directory: target.own, hasHistory: false)
            try meta.write(
                MetaRecord(
                    ensembleID: request.ensembleID, serverID: request.serverID.rawValue,
                    acceptedEpoch: zxid.epoch.rawValue, currentEpoch: zxid.epoch.rawValue,
                    baseGeneration: base.generation, baseZxid: zxid.rawValue,
                    baseChecksum: base.point.checksum))
        }
    }

    private func prepareTarget() throws(DiskError) {
        try disk.makeDirectory(request.dataDirectory)
        try disk.makeDirectory(target.own)
        try disk.writeFile(Self.mark, at: markPath)
        try disk.syncDirectory(target.own)
        try disk.makeDirectory(target.snapshots)
        try disk.makeDirectory(target.dataLog)
    }

    private func makeLogDirectory() throws(DiskError) {
        for path in [target.ownLog, target.log] { try disk.makeDirectory(path) }
    }

    private func writeSnapshot(
        of tree: DataTree, _ origin: SnapshotOrigin
    ) throws(MaintenanceError) {
        let store = SnapshotStore(disk, directory: target.snapshots)
        let written = try onSnapshots { () throws(SnapshotError) in
            try store.write(tree, origin: origin, chain: 0)
        }
        let name = SnapshotName(zxid: tree.lastProcessedZxid)
        let read = try onSnapshots { () throws(SnapshotError) in try store.reader.verify(name) }
        guard read.footer == written else {
            throw .badCopy(path: target.snapshots + "/" + name.fileName, "it was written otherwise")
        }
    }
}
