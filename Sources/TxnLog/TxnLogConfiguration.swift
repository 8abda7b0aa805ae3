import ZKWire

/// What a log is told once, at the start.
package struct TxnLogConfiguration: Sendable {
    /// The ensemble that the log belongs to, from `meta`; segments of another are refused.
    package var ensembleID: UInt64
    /// From the shell's source of randomness, new at each start: the segments' salts come from it.
    package var saltSeed: UInt64
    /// A segment's size. Large enough that rolling is rare, small enough that purging frees space
    /// soon and that looking through the newest one takes a start less than 0.1 s.
    package var segmentSizeBytes = 64 << 20
    /// The largest payload that is written or believed. Far above any `jute.maxbuffer`; it bounds
    /// what a length field can make us allocate.
    package var maximumRecordBytes = 128 << 20
    /// Whether batches are written as lz4 blocks (`txnLog.compress`).
    package var isCompressed = false
    /// How many files of purged segments wait to be used again.
    package var maximumSpares = 2
    /// For the simulator only.
    package var defects: KnownDefects = []

    package init(ensembleID: UInt64, saltSeed: UInt64) {
        self.ensembleID = ensembleID
        self.saltSeed = saltSeed
    }
}
