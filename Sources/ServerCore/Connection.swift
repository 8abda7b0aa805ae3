import DequeModule
import ZKWire
import Zab

/// One client connection: what is known of the client, what waits for its turn, what goes out.
///
/// A class for the identity of its buffers; owned by the core, read by the shell between steps.
package final class Connection {
    package enum Phase: Equatable, Sendable {
        /// Nothing but perhaps part of the first message has come.
        case new
        /// The session's creation is proposed, or it is being resumed and writes of it are in
        /// flight; requests already queue behind that.
        case connecting
        case open
        /// Nothing is read any more; the output is sent and the connection closed.
        case closing
    }

    /// A reply that is owed, in the order of the requests.
    enum Pending {
        /// Comes when the transaction is applied.
        case write(OwedWrite)
        /// The answer to a connect request that resumes a session: comes when the leader has said
        /// that the session lives and what it sent by an older connection has been applied.
        case handshake
        /// Comes when its number is among the confirmed (`Connection.confirmedSync`): the frame's
        /// content.
        case sync(UInt64, [UInt8], receivedAt: Instant)
        /// A request that may run only after the ones before it: its frame's content.
        case request([UInt8], receivedAt: Instant)
    }

    package let id: ConnectionID
    package let address: PeerAddress
    let openedAt: Instant
    package internal(set) var phase = Phase.new
    package internal(set) var session: SessionID = .none
    package internal(set) var timeoutMilliseconds: Int32 = 0
    var hasReadOnlyByte = true
    var identities: [Identity]
    /// Whether any identity is the super user's, who passes every check.
    var isSuper = false

    /// Bytes of a frame that has not come whole, and whole frames while reading is held back.
    let input = ByteWriter(capacity: 64)
    /// Replies and events that the shell has not taken yet.
    package let output = ByteWriter(capacity: 64)
    var isOutputListed = false
    var pending = Deque<Pending>()
    /// What the reads in `pending` take.
    var pendingBytes = 0
    /// The last of its `sync`s that the leader has confirmed.
    var confirmedSync: UInt64 = 0
    /// Its requests are to be asked for again: later ones wait until that is done.
    var isResubmitting = false
    /// A `sync` is owed: later requests wait, since it takes longer than a write and would be
    /// overtaken by the transactions of those.
    var isSyncing = false
    /// Whether part of its input waits for room.
    package internal(set) var isHeldBack = false

    package internal(set) var statistics: ConnectionStatistics

    init(id: ConnectionID, address: PeerAddress, now: Now) {
        self.id = id
        self.address = address
        openedAt = now.monotonic
        identities = [Identity(scheme: "ip", id: address.host)]
        statistics = ConnectionStatistics(establishedMilliseconds: now.wallMilliseconds)
    }

    /// Requests taken in whose replies are owed.
    package var outstandingCount: Int { pending.count }

    /// Whether requests have to wait for something of this connection alone.
    @inline(__always)
    var isBlocked: Bool {
        isResubmitting || isSyncing || phase == .connecting && isOwedHandshake
    }

    /// Whether it waits for the answer to a connect request that resumes a session.
    var isOwedHandshake: Bool { if case .handshake? = pending.first { true } else { false } }

    /// The shell has taken note of the output: the next one is listed again.
    package func outputTaken() { isOutputListed = false }
}

/// What `cons` prints of a connection.
package struct ConnectionStatistics: Sendable {
    package var received = 0
    package var sent = 0
    package var establishedMilliseconds: Int64
    package var lastOperation = "NA"
    package var lastXid: Int32 = -1
    package var lastZxid = Zxid(rawValue: -1)
    /// Milliseconds since 1970.
    package var lastResponseMilliseconds: Int64 = 0
    package var latency = LatencyStatistics()

    init(establishedMilliseconds: Int64) {
        self.establishedMilliseconds = establishedMilliseconds
    }

    /// `crst`.
    mutating func reset() {
        let established = establishedMilliseconds
        self = ConnectionStatistics(establishedMilliseconds: established)
    }
}
