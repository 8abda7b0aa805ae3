import DequeModule
import ZKWire
import Zab

/// What is known of this server's tree beside the digests that its leaders state.
struct DigestCheck {
    enum Standing {
        /// Not served from yet: the snapshot of a leader may be ahead of the transactions.
        case unknown
        case trusted
        /// It is not what the leader has; the part that stands for that is to end.
        case suspect
        /// It was loaded anew and is still not what the leader has.
        case refused
    }

    /// What was done about a mismatch; each step is for where the one before it has not helped.
    enum Remedy {
        case none
        /// The tree was loaded from the own disk.
        case reloaded
        /// The leader was asked for its snapshot, more than once where it did not give it.
        case asked
        /// The tree is made of the leader's snapshot.
        case resynchronized
    }

    var standing = Standing.unknown
    /// Since the tree was last found right.
    var remedy = Remedy.none
    /// As a leader: the others were asked to elect one of them.
    var hasHandedOver = false
    private var leader: ServerID?
    /// Until then no further mismatch is told.
    private var silentUntil: Instant?
    /// When the leader may be asked once more.
    private var nextRequest: Instant?
    private(set) var log = Deque<ZxidDigest>()

    /// Between alarms: a tree that differs once differs at each transaction.
    private static let alarmInterval = Duration.seconds(60)
    /// Between two requests for a snapshot: a leader that gave none may have a quorum behind it soon.
    private static let requestInterval = Duration.seconds(5)
    /// Apache's `DIGEST_LOG_LIMIT` and `DIGEST_LOG_INTERVAL`.
    private static let logLimit = 1024
    private static let logInterval: Int64 = 128

    mutating func begin(with leader: ServerID) {
        guard leader != self.leader else { return }
        self.leader = leader
        if standing != .unknown { standing = .trusted }
        remedy = .none
        hasHandedOver = false
    }

    mutating func trust() {
        if standing == .unknown { standing = .trusted }
    }

    /// Another tree is in the place of the one that was compared.
    mutating func replaced() {
        standing = .unknown
        if remedy == .asked { remedy = .resynchronized }
    }

    mutating func noteRequest(_ now: Instant) {
        remedy = .asked
        nextRequest = now + DigestCheck.requestInterval
    }

    /// Whether what was not given may be asked for again.
    func isRequestDue(_ now: Instant) -> Bool {
        guard standing == .refused, remedy != .resynchronized else { return false }
        return nextRequest.map { now >= $0 } ?? true
    }

    /// Whether an alarm is due.
    mutating func takeAlarm(_ now: Instant) -> Bool {
        if let silentUntil, now < silentUntil { return false }
        silentUntil = now + DigestCheck.alarmInterval
        return true
    }

    mutating func note(_ zxid: Zxid, _ digest: Int64) {
        guard zxid.rawValue % DigestCheck.logInterval == 0 else { return }
        if log.count == DigestCheck.logLimit { log.removeFirst() }
        log.append(ZxidDigest(zxid: zxid, digest: digest))
    }
}

/// What the tree's digest was after a transaction.
package struct ZxidDigest: Equatable, Sendable {
    package let zxid: Zxid
    package let digest: Int64
}
