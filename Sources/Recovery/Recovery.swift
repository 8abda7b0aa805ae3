// From a data directory to the state that the server had promised to keep:
//
// 1. What kind of start this is: `StartTable`.
// 2. Which snapshot, if any: `CandidateTable`, newest first, a new tree for each that is tried.
// 3. All of the log after it, verified and linked to it.
//
// It decides before it changes: a directory that is refused is left as it was found, but for what
// never was part of it (temporary files, the torn end of the log).
import DataTree
import Snapshot
import Storage
import TxnLog
import ZKWire

/// What a server starts with.
package struct RecoveredState<D: Disk> {
    package let tree: DataTree
    package let log: TxnLog<D>
    package let meta: MetaStore<D>
    package let snapshots: SnapshotStore<D>
    /// Of the whole directory; held until it is released or the process ends.
    package let lock: any DiskLock
    package let report: LoadReport
}

/// Opens one data directory.
package struct Recovery<D: Disk> {
    let disk: D
    let directory: DataDirectory
    package let configuration: RecoveryConfiguration

    package init(_ disk: D, _ directory: DataDirectory, _ configuration: RecoveryConfiguration) {
        self.disk = disk
        self.directory = directory
        self.configuration = configuration
    }

    /// Opens the directory, making or importing it at the first start.
    package func load(
        progress: (RecoveryProgress) -> Void = { _ in }
    ) throws(RecoveryError) -> RecoveredState<D> {
        let begin = configuration.now()
        let lock = try takeDirectory()
        do throws(RecoveryError) {
            let verdict = try planStart()
            var report = LoadReport(start: verdict)
            var meta = try openMeta(verdict)
            switch verdict {
            case .create: try createMeta(&meta)
            case .importApache: report.imported = try importApache(&meta, progress)
            case .resume:
                try Exchange(disk, directory).finish(&meta)
                try checkLogIsThere(meta)
                try discardPartOfInstall(&meta)
            case .refuse: preconditionFailure("meta was opened though it is lost")
            }
            let state = try resume(meta, lock, &report, begin: begin, progress)
            if verdict == .resume { try removeTraces(of: meta) }
            return state
        } catch {
            lock.release()
            throw error
        }
    }

    /// A repair has succeeded when a server starts from what it made; or else it never came to it.
    private func removeTraces(of meta: MetaStore<D>) throws(RecoveryError) {
        let exchange = Exchange(disk, directory)
        try exchange.removeRebuilt()
        if meta.record?.isRecovering == false { try exchange.removeAside() }
    }

    // MARK: what is there

    /// S-36: makes the directories and takes them for this process.
    private func takeDirectory() throws(RecoveryError) -> any DiskLock {
        for path in [directory.data, directory.own, directory.snapshots] {
            try makeDirectory(path)
        }
        if directory.ownLog != directory.own {
            try makeDirectory(directory.dataLog)
            try makeDirectory(directory.ownLog)
        }
        do throws(DiskError) {
            return try disk.lock(directory.lock)
        } catch {
            if error.isHeldElsewhere { throw .inUse(path: directory.own) }
            throw .disk(error)
        }
    }

    func makeDirectory(_ path: String) throws(RecoveryError) {
        guard !disk.exists(path) else { return }
        try onDisk { () throws(DiskError) in
            try disk.createDirectory(path)
            try disk.syncDirectory(DataDirectory.parent(of: path))
        }
    }

    private func planStart() throws(RecoveryError) -> StartVerdict {
        let hasMeta = ["meta-a", "meta-b"].contains { disk.exists(directory.own + "/" + $0) }
        let logNames =
            disk.exists(directory.log)
            ? try onDisk { () throws(DiskError) in try disk.list(directory.log) } : []
        let hasSnapshots = try onSnapshots { () throws(SnapshotError) in
            try !snapshotStore.list().isEmpty
        }
        let own: OwnFiles =
            logNames.contains { $0.hasSuffix(".log") }
            ? .log : hasSnapshots ? .snapshotsOnly : .nothing
        return StartTable.verdict(hasMeta: hasMeta, own: own, hasApache: try apache.hasData())
    }

    // MARK: parts

    var snapshotStore: SnapshotStore<D> {
        SnapshotStore(disk, directory: directory.snapshots, limits: configuration.limits)
    }

    var apache: ApacheDirectory<D> {
        ApacheDirectory(disk, snapshots: directory.apacheSnapshots, logs: directory.apacheLogs)
    }

    func onDisk<T>(_ body: () throws(DiskError) -> T) throws(RecoveryError) -> T {
        do throws(DiskError) {
            return try body()
        } catch {
            throw .disk(error)
        }
    }
}
