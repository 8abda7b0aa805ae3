import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// What a damaged server has and lacks: what the machine decides by, without the files.
package struct Damage: Equatable, Sendable {
    /// Where the history of the log ends.
    package enum End: Equatable, Sendable {
        case known(Zxid)
        /// There may have been more after this.
        case suspect(after: Zxid)
    }

    package var runs: [ZxidSpan]
    package var end: End
    /// Good ones, newest first.
    package var snapshots: [SnapshotOffer]
    /// Up to here the history is in a snapshot's footer, whatever became of the rest of the file.
    package var snapshotsReach: Zxid
    package var acceptedEpoch: Epoch
    package var currentEpoch: Epoch
    /// Only a leader can help: why.
    package var needsLeader: String?
    /// What is wrong, in words.
    package var faults: [String]

    package init(
        runs: [ZxidSpan], end: End, snapshots: [SnapshotOffer] = [], snapshotsReach: Zxid = .zero,
        acceptedEpoch: Epoch, currentEpoch: Epoch, needsLeader: String? = nil,
        faults: [String] = []
    ) {
        self.runs = runs
        self.end = end
        self.snapshots = snapshots
        self.snapshotsReach = snapshotsReach
        self.acceptedEpoch = acceptedEpoch
        self.currentEpoch = currentEpoch
        self.needsLeader = needsLeader
        self.faults = faults
    }
}

/// A damaged directory, looked through.
package struct DamagedDirectory<D: Disk> {
    let disk: D
    let directory: DataDirectory
    /// nil if both copies are lost.
    package let meta: MetaRecord?
    package let log: LogSurvey
    package let damage: Damage
    /// What snapshots of this history say they belong to.
    let origin: SnapshotOrigin?

    /// - Parameters:
    ///   - need: as the refused start's error says.
    ///   - reason: that error, for messages.
    package init(
        _ disk: D, _ directory: DataDirectory, need: RepairNeed, reason: String,
        limits: SnapshotLimits = SnapshotLimits()
    ) {
        self.disk = disk
        self.directory = directory
        let meta = (try? MetaInspection(disk, directory: directory.own))?.record
        self.meta = meta
        var surveyor = LogSurveyor(disk, directory.log, base: meta?.base)
        log = surveyor.run()
        origin = meta.map {
            SnapshotOrigin(ensembleID: $0.ensembleID, generation: $0.baseGeneration)
        }
        let shelf = SnapshotShelf(
            SnapshotStore(disk, directory: directory.snapshots, limits: limits), origin)
        var needsLeader: String?
        if meta == nil || need == .leader { needsLeader = reason }
        if log.isInconsistent { needsLeader = log.faults.last ?? reason }
        let witness = max(log.witness, shelf.reach, log.last, meta?.base.point.zxid ?? .zero)
        damage = Damage(
            runs: log.spans,
            end: log.isEndSuspect ? .suspect(after: witness) : .known(witness),
            snapshots: shelf.good, snapshotsReach: shelf.reach,
            acceptedEpoch: Epoch(rawValue: meta?.acceptedEpoch ?? 0),
            currentEpoch: Epoch(rawValue: meta?.currentEpoch ?? 0), needsLeader: needsLeader,
            faults: [reason] + log.faults + shelf.faults)
    }
}
