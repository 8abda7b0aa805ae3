// What the protocol and the snapshots have to know of what a start found.

import Recovery
import Snapshot
import Storage
import ZKWire
import Zab

extension Epochs {
    /// The promises that `meta` keeps.
    package init(_ record: MetaRecord) {
        self.init(
            accepted: Epoch(rawValue: record.acceptedEpoch),
            current: Epoch(rawValue: record.currentEpoch), isRecovering: record.isRecovering)
    }
}

extension SnapshotOrigin {
    /// What snapshots of the present history say they belong to.
    package init(_ record: MetaRecord) {
        self.init(ensembleID: record.ensembleID, generation: record.baseGeneration)
    }
}

extension RecoveredState {
    /// - Parameter isFirstStart: the operator says that nothing is missing in a blank directory.
    package func durable(isFirstStart: Bool = false) -> DurableState {
        DurableState(
            epochs: Epochs(record), lastZxid: log.lastZxid, isBlank: isBlank && !isFirstStart)
    }

    /// What this server's snapshots say they belong to.
    package var snapshotOrigin: SnapshotOrigin { SnapshotOrigin(record) }

    private var record: MetaRecord {
        guard let record = meta.record else { preconditionFailure("a start has its meta") }
        return record
    }
}
