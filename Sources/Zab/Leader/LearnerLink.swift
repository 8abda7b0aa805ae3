import DequeModule
import ZKWire

/// One learner, as its leader knows it.
///
/// A class for the identity of the link's buffer.
final class LearnerLink {
    /// How far it has come; only forward.
    enum Phase: Int, Comparable {
        /// It has said who it is.
        case introduced
        /// LEADERINFO is sent.
        case invited
        /// Its ACKEPOCH came: the end of its log is known.
        case acknowledged
        /// It is sent history from the disk; nothing goes out by `link` meanwhile.
        case streaming
        /// It was sent everything and NEWLEADER, and takes part in the broadcast.
        case registered
        /// It acknowledged NEWLEADER: what it was sent before is durable there.
        case synced
        /// UPTODATE is sent.
        case live

        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    let link: Link
    let server: ServerID
    /// It follows and has a vote; otherwise it observes.
    let isVoter: Bool
    /// It reads ACK and COMMIT as cumulative.
    let isOurs: Bool
    let protocolVersion: Int32
    let acceptedEpoch: Epoch
    var phase = Phase.introduced

    /// It acknowledged the epoch, with the end of a log that is not better than the leader's.
    var hasAcknowledgedEpoch = false
    /// The end of its log; while it is streamed to, of what it has been sent.
    var last = Zxid.zero
    /// It says that its tree is not what the leader states, and asks for a snapshot.
    var wantsTree = false
    /// It gets one.
    var isTreeGranted = false
    /// When UPTODATE was sent.
    var liveSince: Instant?
    /// A `SyncOrder` has been given: the next one goes on.
    var isStreamBegun = false
    /// What it has been sent as PROPOSAL or INFORM.
    var sentUpTo = Zxid.zero
    /// Of an Apache server's `sync` requests that are not answered, where the history ended when each
    /// came. Nothing after that is committed to it before the answer: it takes what comes back to be
    /// in the order in which it asked, and a request that is overtaken is never answered.
    var openSyncs = Deque<Zxid>()
    /// What it has been sent as COMMIT, or need not be.
    var commitSent = Zxid.zero
    /// What its ACK of NEWLEADER acknowledges.
    var syncedThrough = Zxid.zero
    /// What it has acknowledged.
    var acked = Zxid.zero

    /// When a packet of it came.
    var lastHeard: Instant
    /// When it came, or took what it was sent.
    var lastProgress: Instant
    /// The rounds of the PINGs that it has not answered: see `LeadershipCheck`.
    var openPings = Deque<UInt64>()
    /// The round of the last PING that it answered.
    var answeredRound: UInt64 = 0

    init(_ introduction: Introduction, isVoter: Bool, now: Instant) {
        link = introduction.link
        server = introduction.server
        self.isVoter = isVoter
        isOurs = introduction.protocolVersion >= ProtocolVersion.own
        protocolVersion = min(introduction.protocolVersion, ProtocolVersion.own)
        acceptedEpoch = introduction.acceptedEpoch
        lastHeard = now
        lastProgress = now
    }

    /// It gets what is proposed from now on.
    var isRegistered: Bool { phase >= .registered }
    /// It counts for a quorum of the broadcast.
    var isSyncedVoter: Bool { isVoter && phase >= .synced }
}
