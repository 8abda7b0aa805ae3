import ZKWire

/// What the core needs to know of the configuration; validated by whoever made it.
package struct CoreConfiguration: Sendable {
    package var serverID = ServerID(rawValue: 0)
    /// Of the hashes of paths, so that nobody can choose paths that collide.
    package var hashSeed: UInt64 = 0
    package var tick: Duration = .milliseconds(3000)
    package var minimumSessionTimeoutMilliseconds: Int32 = 6000
    package var maximumSessionTimeoutMilliseconds: Int32 = 60000

    /// New sessions are known to the server alone that made them (`localSessionsEnabled`). A member of
    /// an ensemble may; elsewhere it would mean nothing.
    package var areSessionsLocal = false
    /// A local session that creates an ephemeral becomes global (`localSessionsUpgradingEnabled`).
    package var areLocalSessionsUpgraded = false
    /// How long a member looks for a leader until it serves reads to clients that accept this
    /// (`readonlymode.enabled`); nil: it never does.
    package var readOnlyGrace: Duration?
    /// Whether a member that leads takes clients (`leaderServes`).
    package var leaderServesClients = true

    /// How long a connection may stay without asking for a session.
    package var sessionlessTimeout: Duration = .seconds(10)

    /// How long clients are kept while no leader is found, before they are sent to look for a server
    /// that serves: longer than an election takes, and short beside a session's time-out.
    package var idleGrace: Duration = .seconds(1)

    /// The largest request, in bytes (`jute.maxbuffer`).
    package var maximumRequestBytes = 0xfffff
    /// The largest txn: a request plus what preparation adds. What is proposed can always be read
    /// back from the log (rule D13), whose own limit lies above this one.
    package var maximumTxnBytes: Int {
        let ownBytes = 3 * maximumRequestBytes + 1_048_576
        return min(
            maximumRequestBytes + max(ownBytes, extraTxnBytes),
            CoreConfiguration.maximumRecordBytes)
    }
    /// What a txn may have beyond the largest request (`jute.maxbuffer.extrasize`), if more than
    /// this server gives it anyway.
    package var extraTxnBytes = 0
    /// What the log takes as one record, whatever `jute.maxbuffer` says.
    package static let maximumRecordBytes = 128 * 1_048_576
    /// Proposals in flight above which no further request is taken in (`globalOutstandingLimit`).
    package var maximumOutstanding = 1000
    /// Their bytes above which none is taken in either: with a disk that stands still, large
    /// requests would fill the memory first, and one write of the log may not pass 2 GiB.
    package var maximumOutstandingBytes = 256 * 1_048_576
    /// A request that is larger counts as large (`largeRequestThreshold`).
    package var largeRequestBytes = Int.max
    /// Bytes of large writes in flight (`largeRequestMaxBytes`). The next one waits, unread, until
    /// there is room; if none is in flight there is.
    package var maximumLargeBytes = 100 * 1_048_576
    /// Bytes that may wait for a client that does not read before its connection is closed.
    package var maximumOutputBytes = 64 * 1_048_576

    package var extendedTypesEnabled = true
    package var skipACL = false
    package var enforceQuota = false
    /// `user:base64(sha1(user:password))` of the super user.
    package var superDigest: String?
    package var digestEnabled = true
    package var digestAlgorithm = DigestAlgorithm.sha1
    /// Schemes of which a client must have passed one; empty: none needed.
    package var enforcedAuthSchemes: [String] = []

    /// A member of an ensemble compares its tree's digest with its leader's (`digest.enabled`).
    package var isTreeDigestEnabled = true

    /// Transactions after which a snapshot is due (`SnapshotTrigger`); the shell randomises it.
    package var snapshotTxnCount = 100_000
    /// Bytes of transactions after which one is due.
    package var snapshotTxnBytes = 4 * 1024 * 1_048_576
    /// Transactions that the start has replayed after its snapshot: they count for the next one.
    package var replayedTxnCount = 0

    package var reapInterval: Duration = .milliseconds(60_000)
    package var reapMaximumPerMinute = 10_000
    package var reapNeverUsedMilliseconds: Int64 = 0

    /// For the simulator only.
    package var defects: KnownDefects = []

    package init() {}
}
