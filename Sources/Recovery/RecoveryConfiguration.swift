import Snapshot
import ZKWire

/// What recovery is told once.
package struct RecoveryConfiguration: Sendable {
    /// From `myid`; a standalone server's is 0.
    package var serverID: ServerID
    /// The id that a directory gets at its first start. From the shell's source of randomness, not
    /// zero.
    package var newEnsembleID: UInt64
    /// Of the tree's path hash and of the log's salts; from the shell as well, new at each start.
    package var seed: UInt64
    /// `txnLogSizeLimitInKb`.
    package var segmentSizeBytes = 64 << 20
    /// `txnLog.compress`.
    package var isLogCompressed = false
    package var limits = SnapshotLimits()
    /// The tree is to come with its digest: for a member of an ensemble, which compares it.
    package var keepsDigest = false
    /// Whether a directory whose log is not where it is looked for is refused. Tools that only look
    /// say so and go on with the snapshot.
    package var isLogRequired = true
    /// The ensemble that the directory has to belong to; nil if it is not known yet.
    package var ensembleID: UInt64?
    /// For the simulator only.
    package var defects: KnownDefects = []
    /// A reading of a monotonic clock, for the durations in the report.
    package var now: @Sendable () -> Duration

    package init(
        serverID: ServerID, newEnsembleID: UInt64, seed: UInt64,
        now: @escaping @Sendable () -> Duration = { .zero }
    ) {
        self.serverID = serverID
        self.newEnsembleID = newEnsembleID
        self.seed = seed
        self.now = now
    }
}

/// How far a start has got, for a progress message.
package enum RecoveryProgress: Equatable, Sendable {
    case snapshot(SnapshotName, readBytes: Int64)
    case replay(Zxid, of: Zxid)
}
