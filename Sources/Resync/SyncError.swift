import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// Why a learner cannot be sent this server's history, or a leader's cannot be made this server's.
package enum SyncError: Error, Sendable {
    /// The log begins after what the learner has, and no snapshot here can be sent.
    case noSnapshot(logBeginsAfter: Zxid)
    case log(TxnLogError)
    case snapshot(SnapshotError)
    case meta(MetaError)
    case recovery(RecoveryError)
    /// The leader's stream breaks the format.
    case badStream(String)
    /// Nothing on the disk leads up to the transaction that the log was to be cut at.
    case nothingBefore(Zxid)
}

extension SyncError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noSnapshot(let zxid):
            "no snapshot can be sent, and the log begins only after zxid \(zxid)"
        case .log(let error): "\(error)"
        case .snapshot(let error): "\(error)"
        case .meta(let error): "\(error)"
        case .recovery(let error): "\(error)"
        case .badStream(let what): "the leader's snapshot stream: \(what)"
        case .nothingBefore(let zxid):
            "the leader's history has nothing after zxid \(zxid) of what is here, and no snapshot "
                + "leads up to there. Move the data directory away and start again: the server is "
                + "then synchronized from nothing: docs/operating/recovering.md"
        }
    }
}
