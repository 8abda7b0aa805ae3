import ZKWire
import Zab

/// What a damaged member asks another one. One request at a time on a connection.
package enum RepairRequest: Hashable, Sendable {
    /// The first one: who asks. Answered like `status`.
    case hello(ServerID)
    case status
    /// The sound transactions of a span, from its start on, as many as fit one response.
    case txns(ZxidSpan)
    /// Bytes of the snapshot file that begins at this zxid.
    case snapshot(Zxid, offset: Int64)
}

/// The states in which a member answers.
package enum RepairPeerState: UInt8, Sendable, CaseIterable {
    /// It is still finding out what it has itself.
    case starting = 0
    /// It repairs itself, too.
    case repairing = 1
    /// Its data are whole, and it looks for a leader: whatever it led or followed before is over.
    case looking = 2
    /// It has a leader, or is one, that no quorum follows as far as it knows.
    case joining = 3
    /// It leads, or follows a leader that a quorum follows.
    case established = 4

    /// Of a member that runs.
    package init(_ role: Role) {
        self =
            switch role {
            case .looking: .looking
            case .leading(_, let isEstablished): isEstablished ? .established : .joining
            case .following(_, let isSynced), .observing(_, let isSynced):
                isSynced ? .established : .joining
            }
    }
}

/// What a member says of itself.
package struct RepairStatus: Equatable, Sendable {
    package var server: ServerID
    package var state: RepairPeerState
    /// What it says that it does not have, it durably does not: it is neither new nor recovering,
    /// and knows its promises.
    package var isTrusted: Bool
    package var acceptedEpoch: Epoch
    package var currentEpoch: Epoch
    /// From where its log begins to where it ends, whatever may be missing between.
    package var log: ZxidSpan
    /// Start and end zxid of its snapshots, and the size of their files, newest first.
    package var snapshots: [SnapshotOffer]

    package init(
        server: ServerID, state: RepairPeerState, isTrusted: Bool, acceptedEpoch: Epoch,
        currentEpoch: Epoch, log: ZxidSpan, snapshots: [SnapshotOffer] = []
    ) {
        self.server = server
        self.state = state
        self.isTrusted = isTrusted
        self.acceptedEpoch = acceptedEpoch
        self.currentEpoch = currentEpoch
        self.log = log
        self.snapshots = snapshots
    }
}

package struct SnapshotOffer: Hashable, Sendable {
    /// The content is fuzzy between the two.
    package var start: Zxid
    package var end: Zxid
    package var sizeBytes: Int64

    package init(start: Zxid, end: Zxid, sizeBytes: Int64) {
        self.start = start
        self.end = end
        self.sizeBytes = sizeBytes
    }
}

package enum RepairResponse: Equatable, Sendable {
    case status(RepairStatus)
    case txns(TxnsResponse)
    /// The bytes at the offset that was asked for; none if there is no such snapshot any more.
    case snapshot(Zxid, offset: Int64, [UInt8])
}

package struct TxnsResponse: Equatable, Sendable {
    /// What was asked for.
    package var span: ZxidSpan
    package var txns: [NamedTxn]
    /// Everything up to here has been looked at; the next request begins here. The end of the span
    /// where nothing more comes.
    package var resume: Zxid
    /// Of the span there is nothing that is damaged, missing or unknown here: a transaction that was
    /// not sent is not in this history.
    package var isWhole: Bool

    package init(span: ZxidSpan, txns: [NamedTxn], resume: Zxid, isWhole: Bool) {
        self.span = span
        self.txns = txns
        self.resume = resume
        self.isWhole = isWhole
    }
}
