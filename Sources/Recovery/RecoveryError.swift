import Snapshot
import Storage
import TxnLog
import ZKWire

/// Why a data directory is not started from. What was promised there is as it was, and no tree was
/// built that anybody sees.
package enum RecoveryError: Error, Equatable, Sendable {
    case disk(DiskError)
    /// S-36: another process has the directory.
    case inUse(path: String)
    /// S-28: the directory is another server's.
    case wrongServer(path: String, stored: ServerID, configured: ServerID)
    /// S-29: the directory is another ensemble's.
    case wrongEnsemble(path: String, stored: UInt64, configured: UInt64)
    /// S-26, S-27: there is a log or a snapshot, and nothing that says whose; or `meta` is damaged.
    case meta(MetaError)
    case log(TxnLogError)
    /// S-16: the directory of the log is not there, and a start made it before it made `meta`.
    case missingLog(path: String)
    case snapshot(SnapshotError)
    /// S-16: a snapshot was made when the log reached further than it does now.
    case lostLogEnd(snapshot: String, needed: Zxid, last: Zxid)
    /// S-21: no snapshot can be used, and the log does not begin at the beginning.
    case noUsableSnapshot(path: String, logBeginsAfter: Zxid, skipped: [SkippedFile])
    /// Snapshot and log were whole, and still this many znodes have a list that neither contains.
    case unresolvedACLs(count: Int)
    /// A log record that passed every check is no transaction: it was written wrong.
    case undecodable(zxid: Zxid, DecodeError)
    /// An Apache log file is damaged.
    case apacheLog(path: String, offset: Int64, ApacheLogDefect)
    /// S-15: transactions are missing between two of Apache's.
    case apacheGap(path: String, after: Zxid, found: Zxid)
    /// Apache's newest usable snapshot was made with more log than there is.
    case apacheLostLogEnd(snapshot: String, needed: Zxid, last: Zxid)
    case apacheNoSnapshot(path: String, skipped: [SkippedFile])
    /// `acceptedEpoch` or `currentEpoch` is no number.
    case apacheEpoch(path: String)
}

/// A file that recovery looked at and did not use, and why, in words.
package struct SkippedFile: Equatable, Sendable {
    package let name: String
    package let reason: String

    package init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}
