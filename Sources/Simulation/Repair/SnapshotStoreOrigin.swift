import Snapshot
import Storage

enum SnapshotStoreOrigin {
    /// What snapshots of the present history say they belong to.
    static func of(_ record: MetaRecord) -> SnapshotOrigin {
        SnapshotOrigin(ensembleID: record.ensembleID, generation: record.baseGeneration)
    }
}
