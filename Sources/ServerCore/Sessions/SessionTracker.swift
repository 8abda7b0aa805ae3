import ZKWire
import Zab

/// The live sessions and when each expires: at a leader all do, elsewhere those that only this
/// server knows. Time here is the core's awake time: it stands still while the server itself is
/// stopped, so a pause of ours expires nobody (see `AwakeClock`).
///
/// Invariants:
///  1. A session that expires here is in a bucket whose time is at or before its deadline.
///  2. A touch moves only the deadline; the bucket is corrected when it comes due. A touch is O(1).
package struct SessionTracker {
    package final class Session {
        package let id: SessionID
        package internal(set) var timeoutMilliseconds: Int32
        package internal(set) var connection: Connection?
        /// Known to this server only: no transaction has made it, and none will end it.
        package fileprivate(set) var isLocal: Bool
        /// It was local, and the transaction that makes it global is not applied yet.
        var isUpgrading = false
        /// Local, at a learner: what it asked for by an earlier connection may still be in flight.
        var hasUnanswered = false
        /// Its closeSession is proposed: no further write of it is accepted.
        package internal(set) var isClosing = false
        /// At a leader: the server that its client is connected to; nil until that is heard of.
        package internal(set) var owner: ServerID?
        /// The last transaction that the client asked for, applied or in flight.
        var lastProposed = Zxid.zero
        package fileprivate(set) var deadline: Instant
        /// Heard of since a learner last told its leader.
        fileprivate var isTouched = false

        init(id: SessionID, timeoutMilliseconds: Int32, deadline: Instant, isLocal: Bool) {
            self.id = id
            self.timeoutMilliseconds = timeoutMilliseconds
            self.deadline = deadline
            self.isLocal = isLocal
        }

        /// The client lives.
        @inline(__always)
        func touch(_ awake: Instant) {
            isTouched = true
            deadline = Instant(
                nanoseconds: awake.nanoseconds + Int64(timeoutMilliseconds) * 1_000_000)
        }

        /// The same, with the time-out that its server has granted it.
        func touch(_ awake: Instant, timeoutMilliseconds: Int32) {
            if timeoutMilliseconds > 0 { self.timeoutMilliseconds = timeoutMilliseconds }
            touch(awake)
        }
    }

    private var sessions: [SessionID: Session] = [:]
    package private(set) var localCount = 0
    private var isExpiring = false
    /// Sessions to look at when a bucket's number is reached.
    private var buckets: [Int64: [SessionID]] = [:]
    private var nextBucket: Int64?
    private let bucketNanoseconds: Int64
    /// Touches to tell a leader of, of sessions that are gone or found no room in the last message.
    private var untold: [SessionTouch] = []

    /// - Parameter granularity: how coarsely expiry is checked; Apache uses one tick.
    package init(granularity: Duration) {
        bucketNanoseconds = max(granularity.wholeNanoseconds, 1)
    }

    package var count: Int { sessions.count }
    package subscript(id: SessionID) -> Session? { sessions[id] }

    /// In order of id, so that nothing depends on a dictionary's order.
    package var sorted: [Session] { sessions.values.sorted { $0.id < $1.id } }

    @discardableResult
    package mutating func open(
        _ id: SessionID, timeoutMilliseconds: Int32, awake: Instant, isLocal: Bool = false
    ) -> Session {
        if let known = sessions[id] {
            known.timeoutMilliseconds = timeoutMilliseconds
            known.touch(awake)
            return known
        }
        let session = Session(
            id: id, timeoutMilliseconds: timeoutMilliseconds, deadline: awake, isLocal: isLocal)
        session.touch(awake)
        sessions[id] = session
        if isLocal { localCount += 1 }
        schedule(session)
        return session
    }

    @discardableResult
    package mutating func close(_ id: SessionID) -> Session? {
        let session = sessions.removeValue(forKey: id)
        if session?.isLocal ?? false { localCount -= 1 }
        return session
    }

    /// A local session is one of the ensemble's from now on, which its leader watches over.
    mutating func makeGlobal(_ session: Session) {
        guard session.isLocal else { return }
        session.isLocal = false
        session.hasUnanswered = false
        localCount -= 1
    }

    /// Clients were not served for a while: the local sessions have their whole time-outs again.
    mutating func renewLocal(awake: Instant) {
        guard localCount > 0 else { return }
        for session in sessions.values where session.isLocal { session.touch(awake) }
    }

    // MARK: At a leader

    /// From now on sessions expire, each after its whole time-out.
    mutating func startExpiring(awake: Instant) {
        isExpiring = true
        untold = []
        forgetBuckets()
        for session in sorted {
            session.touch(awake)
            schedule(session)
        }
    }

    /// Somebody else watches over the sessions: here stay those whose client is connected here, and
    /// those that nobody else knows.
    mutating func stopExpiring() {
        isExpiring = false
        forgetBuckets()
        for session in sorted {
            session.lastProposed = .zero
            guard !session.isLocal else {
                schedule(session)
                continue
            }
            session.owner = nil
            session.isClosing = false
            if session.connection.map({ $0.phase == .closing }) ?? true { sessions[session.id] = nil }
        }
    }

    /// The sessions whose deadline has passed, in order of id; they stay until closed.
    package mutating func expired(awake: Instant) -> [Session] {
        let due = awake.nanoseconds / bucketNanoseconds
        guard var bucket = nextBucket, bucket <= due else { return [] }
        var expired: [Session] = []
        while bucket <= due {
            for id in buckets.removeValue(forKey: bucket) ?? [] {
                guard let session = sessions[id], !session.isClosing, expires(session) else {
                    continue
                }
                if session.deadline <= awake {
                    expired.append(session)
                } else {
                    schedule(session)
                }
            }
            bucket += 1
        }
        nextBucket = buckets.isEmpty ? nil : bucket
        return expired.sorted { $0.id < $1.id }
    }

    /// Gives one of the expired ones its whole time-out again.
    mutating func renew(_ session: Session, awake: Instant) {
        session.touch(awake)
        schedule(session)
    }

    /// Whether this server is the one to say that the session is dead.
    private func expires(_ session: Session) -> Bool { isExpiring || session.isLocal }

    private mutating func forgetBuckets() {
        buckets = [:]
        nextBucket = nil
    }

    private mutating func schedule(_ session: Session) {
        guard expires(session) else { return }
        let bucket = session.deadline.nanoseconds / bucketNanoseconds + 1
        buckets[bucket, default: []].append(session.id)
        if nextBucket.map({ bucket < $0 }) ?? true { nextBucket = bucket }
    }

    // MARK: At a learner

    /// The client of this session is not connected here any more. A local one stays: nobody else has
    /// it.
    mutating func leave(_ session: Session) {
        guard !session.isLocal else { return }
        if session.isTouched { untold.append(session.asTouch) }
        sessions[session.id] = nil
    }

    /// The sessions that were heard of since the last call.
    mutating func takeTouches(atMost maximum: Int) -> ArraySlice<SessionTouch> {
        var touches = untold
        for session in sorted where session.isTouched && !session.isLocal {
            session.isTouched = false
            touches.append(session.asTouch)
        }
        untold = [SessionTouch](touches.dropFirst(maximum))
        return touches.prefix(maximum)
    }
}

extension SessionTracker.Session {
    fileprivate var asTouch: SessionTouch {
        SessionTouch(session: id, timeoutMilliseconds: timeoutMilliseconds)
    }
}
