import ZKWire
import Zab

/// The live sessions and when each expires. Time here is the core's awake time: it stands still
/// while the server itself is stopped, so a pause of ours expires nobody (see `AwakeClock`).
///
/// Invariants:
///  1. A session is in exactly one bucket, and the bucket's time is at or before its deadline.
///  2. A touch moves only the deadline; the bucket is corrected when it comes due. A touch is O(1).
package struct SessionTracker {
    package final class Session {
        package let id: SessionID
        package internal(set) var timeoutMilliseconds: Int32
        package internal(set) var connection: Connection?
        /// Its closeSession is proposed: no further write of it is accepted.
        package internal(set) var isClosing = false
        /// The last transaction that the client asked for, applied or in flight.
        var lastProposed = Zxid.zero
        package fileprivate(set) var deadline: Instant

        init(id: SessionID, timeoutMilliseconds: Int32, deadline: Instant) {
            self.id = id
            self.timeoutMilliseconds = timeoutMilliseconds
            self.deadline = deadline
        }

        /// The client lives.
        @inline(__always)
        func touch(_ awake: Instant) {
            deadline = Instant(
                nanoseconds: awake.nanoseconds + Int64(timeoutMilliseconds) * 1_000_000)
        }
    }

    private var sessions: [SessionID: Session] = [:]
    /// Sessions to look at when a bucket's number is reached.
    private var buckets: [Int64: [SessionID]] = [:]
    private var nextBucket: Int64?
    private let bucketNanoseconds: Int64

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

    package mutating func close(_ id: SessionID) -> Session? { sessions.removeValue(forKey: id) }

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
        let bucket = session.deadline.nanoseconds / bucketNanoseconds + 1
        buckets[bucket, default: []].append(session.id)
        if nextBucket.map({ bucket < $0 }) ?? true { nextBucket = bucket }
    }
}
