// What the protocol wants to be durable besides transactions: promises, cuts, and another server's
// state in the place of the own one. On the log's thread.
//
// Any failure is the process's end: what is on the medium is unknown then (rule D9).

import DataTree
import Recovery
import Resync
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// The history of one server on its disk. One thread at a time.
struct HistoryStorage {
    let log: TxnLog<PosixDisk>
    private(set) var meta: MetaStore<PosixDisk>
    private let snapshots: SnapshotStore<PosixDisk>
    private let recovery: Recovery<PosixDisk>
    /// Of the hashes of a tree that is loaded.
    private let seed: UInt64
    private let keepsDigest: Bool
    /// Returns when no snapshot of the present tree is being written any more.
    private let quiesce: () -> Void

    init(
        _ state: RecoveredState<PosixDisk>, _ recovery: Recovery<PosixDisk>, seed: UInt64,
        quiesce: @escaping () -> Void
    ) {
        log = state.log
        meta = state.meta
        snapshots = state.snapshots
        self.recovery = recovery
        self.seed = seed
        keepsDigest = state.tree.isDigestKept
        self.quiesce = quiesce
    }

    /// Where the log ends.
    var end: ChainPoint { log.last }

    /// What snapshots of the present history say they belong to.
    var origin: SnapshotOrigin {
        SnapshotOrigin(ensembleID: record.ensembleID, generation: record.baseGeneration)
    }

    private var record: MetaRecord {
        guard let record = meta.record else { preconditionFailure("a start has its meta") }
        return record
    }

    mutating func write(_ epochs: Epochs) throws(ServerFailure) {
        var record = record
        let isSynchronized = record.isRecovering && !epochs.isRecovering
        record.acceptedEpoch = epochs.accepted.rawValue
        record.currentEpoch = epochs.current.rawValue
        record.isRecovering = epochs.isRecovering
        do throws(MetaError) {
            try meta.write(record)
        } catch {
            throw ServerFailure(.storageFailure, error.description)
        }
        // What cannot be removed now is removed at the next start.
        if isSynchronized { try? recovery.removeReplaced() }
    }

    /// - Returns: the state that the disk leads to, if it was asked for.
    func truncate(to zxid: Zxid, rebuilds: Bool) throws(ServerFailure) -> LoadedState? {
        quiesce()
        do throws(SyncError) {
            try Truncation(log: log, store: snapshots, origin: origin).run(to: zxid)
        } catch {
            throw ServerFailure(error.exitCode, error.description)
        }
        guard rebuilds else { return nil }
        do throws(RecoveryError) {
            return LoadedState(tree: try recovery.rebuildTree(log, meta))
        } catch {
            throw ServerFailure(error.exitCode, error.description)
        }
    }

    /// Takes a leader's snapshot.
    /// - Returns: why not, where the disk is not to blame: then nothing has changed.
    mutating func install(
        _ feed: SnapshotFeed, zxid: Zxid
    ) throws(ServerFailure) -> Result<LoadedState, InstallFailure> {
        quiesce()
        do throws(SyncError) {
            guard let installed = try receive(feed, zxid: zxid) else {
                return .failure(InstallFailure("the connection broke off"))
            }
            try installed.switchOver(meta: &meta, log: log)
            return .success(LoadedState(tree: installed.tree))
        } catch {
            if case .badStream = error { return .failure(InstallFailure(error.description)) }
            throw ServerFailure(error.exitCode, error.description)
        }
    }

    /// - Returns: nil if the stream ended before the snapshot did.
    private func receive(
        _ feed: SnapshotFeed, zxid: Zxid
    ) throws(SyncError) -> InstalledSnapshot? {
        let next = SnapshotOrigin(ensembleID: origin.ensembleID, generation: origin.generation + 1)
        var install = try SnapshotInstall(
            snapshots, zxid: zxid, origin: next, seed: seed, keepsDigest: keepsDigest)
        while let piece = feed.next() {
            do throws(SyncError) {
                guard let rest = try take(piece, &install) else { continue }
                feed.end(piece[(piece.count - rest)...])
            } catch {
                install.abandon()
                throw error
            }
            return try install.finish()
        }
        install.abandon()
        return nil
    }

    /// - Returns: how many bytes at the end are not the snapshot's, once it has ended.
    private func take(
        _ piece: [UInt8], _ install: inout SnapshotInstall<PosixDisk>
    ) throws(SyncError) -> Int? {
        try piece.withByteView { (bytes) throws(SyncError) in
            var input = bytes
            return try install.consume(&input) ? input.count : nil
        }
    }
}

/// A tree on its way from the log's thread to the core.
// SAFETY: `@unchecked`: whoever made it lets go of it.
struct LoadedState: @unchecked Sendable {
    let tree: DataTree
}

/// Why a leader's snapshot was not taken.
struct InstallFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension SyncError {
    /// The exit code of a process that ends with this.
    var exitCode: ServerExitCode {
        switch self {
        case .log(let error): error.exitCode
        case .recovery(let error): error.exitCode
        case .snapshot, .meta: .storageFailure
        case .noSnapshot, .badStream, .nothingBefore: .corruptStorage
        }
    }
}
