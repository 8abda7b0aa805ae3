import ZKWire
import Zab

/// The live sessions and, at a leader, when each expires. Time here is the core's awake time: it
/// stands still while the server itself is stopped, so a pause of ours expires nobody (see
/// `AwakeClock`).
///
/// Invariants:
///  1. While sessions expire, each is in exactly one bucket, and the bucket's time is at or before
///     its deadline; otherwise there are no buckets.
///  2. A touch moves only the deadline; the bucket is corrected when it comes due. A touch is O(1).
package struct SessionTracker {
    package final class Session {
        package let id: SessionID
        package internal(set) var timeoutMilliseconds: Int32
        package internal(set) var connection: Connection?
        /// Its closeSession is proposed: no further write of it is accepted.
        package internal(set) var isClosing = false
        /// At a leader: the server that its client is connected to; nil until that is heard of.
        package internal(set) var owner: ServerID?
        /// The last transaction that the client asked for, applied or in flight.
        var lastProposed = Zxid.zero
        package fileprivate(set) var deadline: Instant
        /// Heard of since a learner last told its leader.
        fileprivate var isTouched = false

        init(id: SessionID, timeoutMilliseconds: Int32, deadline: Instant) {
            self.id = id
            self.timeoutMilliseconds = timeoutMilliseconds
            self.deadline = deadline
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
        _ id: SessionID, timeoutMilliseconds: Int32, awake: Instant
    ) -> Session {
        if let known = sessions[id] {
            known.timeoutMilliseconds = timeoutMilliseconds
            known.touch(awake)
            return known
        }
        let session = Session(id: id, timeoutMilliseconds: timeoutMilliseconds, deadline: awake)
        session.touch(awake)
        sessions[id] = session
        schedule(session)
        return session
    }

    @discardableResult
    package mutating func close(_ id: SessionID) -> Session? { sessions.removeValue(forKey: id) }

    // MARK: At a leader

    /// From now on sessions expire, each after its whole time-out.
    mutating func startExpiring(awake: Instant) {
        isExpiring = true
        untold = []
        for session in sorted {
            session.touch(awake)
            schedule(session)
        }
    }

    /// Somebody else watches over the sessions: here stay those whose client is connected here.
    mutating func stopExpiring() {
        isExpiring = false
        buckets = [:]
        nextBucket = nil
        for session in sorted {
            session.owner = nil
            session.isClosing = false
            session.lastProposed = .zero
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
                guard let session = sessions[id], !session.isClosing else { continue }
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

    private mutating func schedule(_ session: Session) {
        guard isExpiring else { return }
        let bucket = session.deadline.nanoseconds / bucketNanoseconds + 1
        buckets[bucket, default: []].append(session.id)
        if nextBucket.map({ bucket < $0 }) ?? true { nextBucket = bucket }
    }

    // MARK: At a learner

    /// The client of this session is not connected here any more.
    mutating func leave(_ session: Session) {
        if session.isTouched { untold.append(session.asTouch) }
        sessions[session.id] = nil
    }

    /// The sessions that were heard of since the last call.
    mutating func takeTouches(atMost maximum: Int) -> ArraySlice<SessionTouch> {
        var touches = untold
        for session in sorted where session.isTouched {
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
