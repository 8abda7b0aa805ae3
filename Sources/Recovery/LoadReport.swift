import Snapshot
import TxnLog
import ZKWire

/// What a start found and did, for the log and for whoever asks.
package struct LoadReport: Equatable, Sendable {
    package var start: StartVerdict
    /// nil if the tree came from the log alone, or is new.
    package var snapshot: SnapshotName?
    package var lastZxid = Zxid.zero
    package var replayedCount: UInt64 = 0
    /// Newer snapshots that were not used, and why. Each deserves a warning.
    package var skipped: [SkippedFile] = []
    /// What crashes in the middle of a snapshot had left; removed.
    package var removedTemporaries: [String] = []
    /// What was done about the log's end.
    package var log: RecoveryReport?
    package var imported: ImportReport?
    package var snapshotDuration = Duration.zero
    package var replayDuration = Duration.zero
    package var totalDuration = Duration.zero

    package init(start: StartVerdict) { self.start = start }
}

/// What was taken over from Apache.
package struct ImportReport: Equatable, Sendable {
    package let snapshot: SnapshotName?
    package let replayedCount: UInt64
    package let lastZxid: Zxid
    /// An unfinished last record of Apache's log, which was left out: file and offset.
    package let tornTail: String?
    package let skipped: [SkippedFile]
}
