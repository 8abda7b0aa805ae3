// The constants of the snapshot file format. Specification: docs/formats/snapshot.md.

/// What is fixed by the format, and what a reader accepts at most.
package enum SnapshotFormat {
    /// "ZKSN", the first word of Apache's stream (`FileSnap.SNAP_MAGIC`).
    package static let streamMagic: Int32 = 0x5A4B_534E
    package static let streamVersion: Int32 = 2
    /// Apache writes -1 and never looks at it.
    package static let streamDatabaseID: Int64 = -1
    /// The three words above; what leaders send lacks them.
    package static let streamHeaderSize = 16
    /// A seal: the Adler-32 as a long, then the string "/".
    static let sealSize = 13
    /// The three trailers that Apache may add after the first seal are shorter than this together.
    static let maximumTrailerSize = 96

    /// The lz4 skippable frame (one of 0x184D2A50...5F) that holds the footer.
    static let footerFrameMagic: UInt32 = 0x184D_2A5A
    /// "ZKNS" as little-endian bytes.
    static let footerMagic: UInt32 = 0x534E_4B5A
    static let footerVersion: UInt32 = 1
    /// Bytes of the footer with its frame header.
    package static let footerSize = 88

    /// Room for an lz4 frame's header, which is at most 19 bytes.
    static let frameHeaderRoom = 64
    /// What is compressed at once, read at once and written at once. See
    /// docs/decisions/0004-snapshot-format.md for the measurement.
    static let blockSize = 256 * 1024
    /// A sync of the file after so many bytes, so that the last one does not have all of them to
    /// write while the log waits for the same device.
    static let syncEveryBytes: Int64 = 16 * 1024 * 1024
}

/// The longest fields that a reader takes. A longer one is refused before anything is reserved for
/// it: memory is bounded by these, whatever a file says.
package struct SnapshotLimits: Equatable, Sendable {
    /// Apache cannot create a longer path than `jute.maxbuffer`, 1 MiB unless raised.
    package var maximumPathBytes = 1024 * 1024
    /// Generous towards ensembles that run with a raised `jute.maxbuffer`.
    package var maximumDataBytes = 64 * 1024 * 1024
    package var maximumACLBytes = 4 * 1024 * 1024
    /// A raw snappy block of Apache's is 32 KiB; the format has no bound of its own.
    package var maximumSnappyBlockBytes = 4 * 1024 * 1024

    package init() {}
}
