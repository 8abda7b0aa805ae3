// The groups of settings of a server. Apache's key for each is in the tables.

/// The client port and the sessions behind it.
package struct ClientSettings: Equatable, Sendable {
    /// 0 takes any free port.
    package var port = 2181
    /// The address to listen on; nil is all of them.
    package var address: String?
    package var givenMinSessionTimeout: Duration?
    package var givenMaxSessionTimeout: Duration?
    /// Connections that the operating system may hold before they are accepted; nil is its default.
    package var listenBacklog: Int?
    package var isTCPKeepAliveOn = false
    package var areLocalSessionsEnabled = false
    package var areLocalSessionsUpgraded = false
    /// How long a connection may stay without asking for a session.
    package var sessionlessTimeout: Duration = .milliseconds(10000)
}

/// What a client, or all of them together, may take.
package struct LimitSettings: Equatable, Sendable {
    /// From one address; 0 is no limit.
    package var maxConnectionsPerAddress = 60
    /// In all; 0 is no limit.
    package var maxConnections = 0
    /// Requests in the pipeline before sockets are no longer read.
    package var maxOutstandingRequests = 1000
    /// The largest request.
    package var maxPacketBytes = 0xf_ffff
    /// On top of `maxPacketBytes`, for what the server itself adds to a transaction; nil leaves it
    /// to the server.
    package var givenExtraPacketBytes: Int?
    /// Replies waiting in one connection before it is no longer read.
    package var maxOutputBytes = 64 << 20
    /// Nil is no limit other than `maxPacketBytes`.
    package var largeRequestThresholdBytes: Int?
    /// Of all large requests in flight.
    package var maxLargeRequestBytes = 104_857_600
    package var isQuotaEnforced = false

    /// What the log takes as one record, whatever `jute.maxbuffer` says.
    package static let maxTxnBytes = 128 << 20
}

/// Where the data is.
package struct StorageSettings: Equatable, Sendable {
    package var dataDir = "./data"
    package var givenDataLogDir: String?
    package var isDataDirCreated = true
    package var isDatabaseCreated = true
    package var isDigestEnabled = false

    /// Where the log is.
    package var dataLogDir: String { givenDataLogDir ?? dataDir }
}

/// The transaction log.
package struct LogSettings: Equatable, Sendable {
    /// A segment that reached this size is closed; nil is the largest.
    package var maxSegmentBytes: Int? = 65536 << 10
    /// The sizes that a segment can have: its offsets have 31 bits, and it is written with zeros
    /// ahead of its use.
    package static let segmentBytesRange = (1 << 16)...(1 << 30)
    /// How long a sync may wait for more requests to share it.
    package var flushDelay: Duration = .zero
    package var givenMaxQueueWait: Duration?
    /// Requests in one sync.
    package var maxBatchSize = 1000
    package var isSynced = true
    /// A sync that takes longer is logged.
    package var syncWarningThreshold: Duration = .milliseconds(1000)
    package var isCompressed = false

    /// A sync that gets no further request for so long does not wait out `flushDelay`.
    package var maxQueueWait: Duration { givenMaxQueueWait ?? flushDelay / 3 }
}

/// Snapshots and their purging.
package struct SnapshotSettings: Equatable, Sendable {
    /// Transactions between snapshots.
    package var transactionCount = 100_000
    /// Log bytes between snapshots; nil is no limit.
    package var maxLogBytes: Int? = 4_194_304 << 10
    /// Snapshots that a purge leaves.
    package var retainCount = 3
    /// Purging follows each snapshot, and this clock too; nil never purges.
    package var purgeInterval: Duration? = .seconds(3600)
    package var isEmptyTrusted = false
}

/// The kinds of znode.
package struct ZnodeSettings: Equatable, Sendable {
    package var areTTLsEnabled = true
    package var containerCheckInterval: Duration = .milliseconds(60000)
    package var maxContainersPerMinute = 10000
    /// How long a container may stay without ever having had a child; nil is for ever.
    package var containerNeverUsedInterval: Duration?
}

/// Who may do what.
package struct SecuritySettings: Equatable, Sendable {
    package var isACLSkipped = false
    package var isDigestSchemeEnabled = true
    /// `super:` and the base64 digest of `super:password`.
    package var superDigest: String?
    package var digestAlgorithm = DigestAlgorithm.sha1
    package var isAuthenticationEnforced = false
    package var enforcedSchemes: [String] = []

    /// The hash of the `digest` scheme.
    package enum DigestAlgorithm: String, Equatable, Sendable, CaseIterable {
        case sha1 = "SHA1"
        case sha256 = "SHA-256"
        case sha512 = "SHA-512"
        case sha3With256 = "SHA3-256"
    }
}

/// Commands for people: four-letter words, and HTTP.
package struct AdminSettings: Equatable, Sendable {
    package var fourLetterWords = ["srvr"]
    package var isEnabled = false
    package var port = 8080
    package var address = "127.0.0.1"
    package var commandURL = "/commands"
    package var idleTimeout: Duration = .milliseconds(30000)
    package var isSnapshotEnabled = true
    package var isRestoreEnabled = true
    package var snapshotRateLimit: Duration = .milliseconds(300_000)
}

/// The metrics endpoint for Prometheus.
package struct MetricsSettings: Equatable, Sendable {
    package var isPrometheusEnabled = false
    package var host = "0.0.0.0"
    package var port = 7000
}
