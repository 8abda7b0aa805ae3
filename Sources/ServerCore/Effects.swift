import ZKWire
import Zab

/// What the shell must do after a step, and in which order:
///
///  1. `zab`, as its own contract says: batches and orders to the log, packets to the peers.
///     Nothing is acknowledged to anyone before the log has reported it.
///  2. `output`: for each connection listed, send what its output buffer holds. A reply is in the
///     buffer only when what it says is committed, so sending needs no further condition.
///  3. `close`: after its output, close the connection.
///  4. the rest, in any order.
///
/// The buffer is reused: the shell empties it with `removeAll()` after acting on it.
package struct Effects {
    package var zab = ZabEffects()
    /// Connections whose output buffer has something to send; each listed once.
    package var output: [Connection] = []
    package var close: [(connection: ConnectionID, reason: CloseReason)] = []
    /// Connections of which nothing is read until `resumeReading` names them.
    package var pauseReading: [ConnectionID] = []
    package var resumeReading: [ConnectionID] = []
    package var fourLetterWords: [FourLetterRequest] = []
    /// Enough transactions since the last snapshot for a new one.
    package var isSnapshotDue = false
    package var notices: [Notice] = []

    package init() {}

    package var isEmpty: Bool {
        zab.isEmpty && output.isEmpty && close.isEmpty && pauseReading.isEmpty
            && resumeReading.isEmpty && fourLetterWords.isEmpty && !isSnapshotDue
            && notices.isEmpty
    }

    package mutating func removeAll() {
        zab.removeAll()
        output.removeAll(keepingCapacity: true)
        close.removeAll(keepingCapacity: true)
        pauseReading.removeAll(keepingCapacity: true)
        resumeReading.removeAll(keepingCapacity: true)
        fourLetterWords.removeAll(keepingCapacity: true)
        isSnapshotDue = false
        notices.removeAll(keepingCapacity: true)
    }
}

/// Why the server ends a connection.
package enum CloseReason: Equatable, Sendable {
    case sessionClosed
    case sessionExpired
    case sessionInvalid
    /// The session is used from a newer connection.
    case sessionReconnected
    case clientZxidAhead
    case authenticationFailed
    case malformed(String)
    case tooLarge(bytes: Int, limit: Int)
    case outputBound(bytes: Int)
    case clientGone
    case limit(String)
    /// Nobody leads, so that this server can serve nobody.
    case notServing
    /// This server led and does not know what became of the client's write.
    case leadershipLost
    /// The tree was replaced by a leader's: what the client's watches missed cannot be told.
    case treeReplaced
    /// This server serves reads only, and the client did not say that this is enough, or has a
    /// session that only a leader can go on with.
    case readOnly
    /// It did, and finds or has a leader now.
    case readOnlyEnded
    /// A leader takes no clients here (`leaderServes`).
    case leaderServesNobody
}

/// A four-letter word that a client sent instead of a session.
package struct FourLetterRequest: Equatable, Sendable {
    package var connection: ConnectionID
    package var word: String
    /// `stmk`'s mask.
    package var argument: Int64?
}

/// Something for the log of the server: the core itself writes none.
package enum Notice: Equatable, Sendable {
    case sessionExpired(SessionID, timeoutMilliseconds: Int32)
    case invalidSession(SessionID, PeerAddress)
    case clientZxidAhead(PeerAddress, seen: Zxid, own: Zxid)
    case authentication(PeerAddress, scheme: String, accepted: Bool)
    case quotaExceeded(path: String, isHard: Bool)
    case closed(PeerAddress, CloseReason)
    case txnTooLarge(session: SessionID, bytes: Int, limit: Int)
    /// After this transaction the tree is not what the leader has.
    case digestMismatch(Zxid, stated: Int64, own: Int64)
    /// Nor is it after it was loaded again: clients are served no longer.
    case treeRefused
    /// A local session becomes one of the ensemble's.
    case sessionUpgraded(SessionID)
    /// Clients that accept it are served reads, since nobody leads.
    case readOnlyBegan(Zxid)
    /// They are not, though it is time: of what the tree has only this much is known to be committed.
    case readOnlyWithheld(Zxid, assured: Zxid)
    case readOnlyEnded
    /// The clock stood still for longer than a tick, so sessions got that time back.
    case paused(Duration)
}
