import Zab

/// Counts what has been applied since the last snapshot began and says once that a new one is due.
///
/// That is after so many transactions, or later if the last snapshot was large beside the log since:
/// a large tree that grows fast would be written over and over. It then waits until the log has the
/// snapshot's size, though not for long, and for no more transactions than a start replays in
/// a fraction of a second.
struct SnapshotTrigger {
    /// Writing fewer bytes again costs nobody anything.
    private static let smallSnapshotBytes = 16 << 20
    private static let longestWait: Duration = .seconds(10)
    /// Times the number after which it would have been due.
    private static let mostTxns = 4

    private let txnCount: Int
    private let txnBytes: Int
    private var txns: Int
    private var bytes = 0
    /// Of the log, for which the next snapshot waits.
    private var worthwhileBytes = 0
    private var waitsSince: Instant?
    private var isRaised = false

    /// - Parameter replayed: transactions since the last snapshot that the start has read.
    init(txnCount: Int, txnBytes: Int, replayed: Int = 0) {
        txns = replayed
        self.txnCount = txnCount
        self.txnBytes = txnBytes
    }

    /// A snapshot has begun: the next one is due after so much.
    mutating func begin(txnCount: Int, txnBytes: Int) {
        let worthwhileBytes = worthwhileBytes
        self = SnapshotTrigger(txnCount: txnCount, txnBytes: txnBytes)
        self.worthwhileBytes = worthwhileBytes
    }

    /// That snapshot has so many bytes, before they are compressed.
    mutating func walked(bytes: Int) {
        worthwhileBytes = bytes < SnapshotTrigger.smallSnapshotBytes ? 0 : bytes
    }

    /// - Returns: true for the transaction that makes a snapshot due.
    mutating func count(bytes: Int, now: Instant) -> Bool {
        txns += 1
        self.bytes += bytes
        guard !isRaised, txns >= txnCount || self.bytes >= txnBytes else { return false }
        isRaised = self.bytes >= min(worthwhileBytes, txnBytes)
            || txns / SnapshotTrigger.mostTxns >= txnCount
        if !isRaised, waitsSince == nil { waitsSince = now }
        return isRaised
    }

    /// - Returns: true when a snapshot that waited has waited for long enough.
    mutating func tick(now: Instant) -> Bool {
        guard !isRaised, let waitsSince, now - waitsSince >= SnapshotTrigger.longestWait else {
            return false
        }
        isRaised = true
        return true
    }
}
