/// Counts what has been applied since the last snapshot and says once that a new one is due.
struct SnapshotTrigger {
    private var txnsLeft: Int
    private var bytesLeft: Int
    private var isRaised = false

    init(txnCount: Int, txnBytes: Int) {
        txnsLeft = txnCount
        bytesLeft = txnBytes
    }

    /// - Returns: true for the transaction that makes a snapshot due.
    mutating func count(bytes: Int) -> Bool {
        txnsLeft -= 1
        bytesLeft -= bytes
        guard !isRaised, txnsLeft <= 0 || bytesLeft <= 0 else { return false }
        isRaised = true
        return true
    }
}
