// What a repair has made takes the place of what was there, whatever moment a crash comes at:
//
// 1. The rebuilt log and snapshot lie complete and synced in directories of their own.
// 2. `meta` names their base and generation, and that the old files go aside (`settingAside`).
// 3. The old files are moved; `meta` says that the new ones move in (`movingIn`).
// 4. The new files are moved; `meta` says that it is done.
//
// A start that finds 2 or 3 in `meta` goes on there. Nothing is removed before a server has started
// from what took its place. Without anything rebuilt the same leaves an empty directory: what a
// server begins with that a leader is to synchronize. Specification: docs/formats/meta.md.

import Storage
import TxnLog
import ZKWire

package struct Exchange<D: Disk> {
    private let disk: D
    private let directory: DataDirectory

    package init(_ disk: D, _ directory: DataDirectory) {
        self.disk = disk
        self.directory = directory
    }

    /// Does all of it.
    /// - Parameter record: what `meta` is to say afterwards; its generation is a new one.
    package func run(
        _ record: MetaRecord, meta: inout MetaStore<D>
    ) throws(RecoveryError) {
        try begin(record, meta: &meta)
        try finish(&meta)
    }

    /// From here on the exchange is finished by whoever opens the directory next.
    func begin(_ record: MetaRecord, meta: inout MetaStore<D>) throws(RecoveryError) {
        var record = record
        record.exchange = .settingAside
        try write(record, &meta)
    }

    /// Goes on with an exchange that `meta` says is under way.
    package func finish(_ meta: inout MetaStore<D>) throws(RecoveryError) {
        guard var record = meta.record else { return }
        if record.exchange == .settingAside {
            try onDisk { () throws(DiskError) in
                let generation = record.baseGeneration
                try move(directory.log, to: directory.aside(directory.log, generation))
                try move(directory.snapshots, to: directory.aside(directory.snapshots, generation))
            }
            record.exchange = .movingIn
            try write(record, &meta)
        }
        if record.exchange == .movingIn {
            try onDisk { () throws(DiskError) in
                try move(directory.rebuiltLog, to: directory.log)
                try move(directory.rebuiltSnapshots, to: directory.snapshots)
            }
            record.exchange = .none
            try write(record, &meta)
        }
    }

    /// Removes what an earlier repair has left unfinished, before `meta` named it.
    package func removeRebuilt() throws(RecoveryError) {
        try removeRebuiltSnapshots()
        try onDisk { () throws(DiskError) in
            try remove(directory.rebuiltLog)
            if disk.exists(directory.fetchedTxns) { try disk.remove(directory.fetchedTxns) }
        }
    }

    package func removeRebuiltSnapshots() throws(RecoveryError) {
        try onDisk { () throws(DiskError) in try remove(directory.rebuiltSnapshots) }
    }

    /// Removes the files that a repair has replaced. Only after a server has started from the new
    /// ones, and votes with them.
    package func removeAside() throws(RecoveryError) {
        try onDisk { () throws(DiskError) in
            for path in Set([directory.log, directory.snapshots]).sorted() {
                let parent = DataDirectory.parent(of: path)
                let prefix = path.dropFirst(parent.count + 1) + DataDirectory.asideSuffix
                for name in try disk.list(parent) where name.hasPrefix(prefix) {
                    try remove(parent + "/" + name)
                }
            }
        }
    }

    // MARK: files

    private func move(_ source: String, to target: String) throws(DiskError) {
        guard disk.exists(source) else { return }
        let names = try disk.list(source).filter { !LogFileNames.isAside($0) }
        if !names.isEmpty {
            try makeDirectory(target)
            for name in names { try disk.rename(source + "/" + name, to: target + "/" + name) }
            try disk.syncDirectory(target)
            try disk.syncDirectory(source)
        }
    }

    private func makeDirectory(_ path: String) throws(DiskError) {
        if !disk.exists(path) { try disk.createDirectory(path) }
        try disk.syncDirectory(DataDirectory.parent(of: path))
    }

    private func remove(_ path: String) throws(DiskError) {
        guard disk.exists(path) else { return }
        for name in try disk.list(path) { try disk.remove(path + "/" + name) }
        try disk.syncDirectory(path)
        try disk.removeDirectory(path)
        try disk.syncDirectory(DataDirectory.parent(of: path))
    }

    private func write(
        _ record: MetaRecord, _ meta: inout MetaStore<D>
    ) throws(RecoveryError) {
        do throws(MetaError) {
            try meta.write(record)
        } catch {
            throw .meta(error)
        }
    }

    private func onDisk(_ body: () throws(DiskError) -> Void) throws(RecoveryError) {
        do throws(DiskError) {
            try body()
        } catch {
            throw .disk(error)
        }
    }
}
