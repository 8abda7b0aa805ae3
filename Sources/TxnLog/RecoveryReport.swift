import ZKWire

/// What `TxnLog.open` found and did.
package struct RecoveryReport: Equatable, Sendable {
    package enum Verdict: Equatable, Sendable {
        case clean
        /// The last write had been cut short before it was acknowledged; the log was cut there.
        case tornTail(file: String, offset: Int, reason: LogFault.Reason?)
        /// The newest segment had no usable header and nothing in it was acknowledged; it is gone.
        case discardedSegment(file: String, reason: LogFault.Reason)
    }

    package var verdict: Verdict = .clean
    /// The last record; the base if there is none.
    package var last: ChainPoint = .origin
    /// False if both copies of the watermark were unreadable: a lost end would not be noticed.
    package var isWatermarkKnown = true
    /// Files of a history that a snapshot install replaced; deleted.
    package var removedRemnants: [String] = []
    /// Bytes after the watermark that were written and synced again, since a failed sync before the
    /// restart may have left them in the page cache only.
    package var rewrittenBytes = 0
    /// Copies of segments under a wrong name, with nothing new in them; left alone.
    package var ignoredCopies: [String] = []

    package init() {}
}
