// The table of keys: data directories, log, snapshots, and the kinds of znode.

extension ConfigurationKey {
    static let storageKeys: [ConfigurationKey] = [
        .init(
            "dataDir", .path, \.storage.dataDir, in: .storage, default: "required in a file",
            "Where the server keeps its data; `./data` without a file."),
        .init(
            "dataLogDir", .path, none: "dataDir", \.storage.givenDataLogDir, in: .storage,
            "Where the log is, if on a disk of its own."),
        .init(
            "datadir.autocreate", .trueOrFalse, \.storage.isDataDirCreated, in: .storage,
            "Creates the data directories if they are missing."),
        .init(
            "db.autocreate", .trueOrFalse, \.storage.isDatabaseCreated, in: .storage,
            "Begins anew where there is no data; with `false` only beside a file `initialize`."),
        .init(
            "digest.enabled", .trueOrFalse, \.storage.isDigestEnabled, in: .storage,
            "The members of an ensemble compare digests of the tree, which go with transactions."),
        .init(
            "txnLogSizeLimitInKb", .kibibytes, none: "none", writtenAs: ["-1"],
            \.log.maxSegmentBytes, in: .storage,
            "KiB of a log file, 64 to 1048576; then the next is begun. -1 is the largest."),
        .init(
            "txnLog.compress", .trueOrFalse, \.log.isCompressed, in: .storage,
            "Compresses batches of the log with lz4. Not a key of Apache's."),
        .init(
            "flushDelay", .milliseconds(0...60000), \.log.flushDelay, in: .storage,
            "How long a sync of the log may wait for more requests."),
        .init(
            "maxWriteQueuePollTime",
            .milliseconds(0...60000), none: "flushDelay / 3", writtenAs: ["-1"],
            \.log.givenMaxQueueWait, in: .storage,
            "With flushDelay: a sync that gets no further request for this long begins."),
        .init(
            "maxBatchSize", .integer(1...1_000_000, "a number"), \.log.maxBatchSize, in: .storage,
            "Requests in one sync of the log."),
        .init(
            "forceSync", .yesOrNo, \.log.isSynced, in: .storage,
            "`no` is accepted and not followed: every batch is synced."),
        .init(
            "fsync.warningthresholdms", .milliseconds(), \.log.syncWarningThreshold, in: .storage,
            "A sync of the log that takes longer is logged."),
        .init(
            "snapCount", .integer(0...Int(Int32.max), "a number"), \.snapshots.transactionCount,
            in: .storage,
            "Transactions between snapshots, at least 2; up to four times as many behind a large one."),
        .init(
            "snapSizeLimitInKb", .kibibytes, none: "none", writtenAs: ["-1", "0"],
            \.snapshots.maxLogBytes, in: .storage,
            "KiB of log between snapshots; 0 is no limit."),
        .init(
            "snapshot.trust.empty", .trueOrFalse, \.snapshots.isEmptyTrusted, in: .storage,
            "Not needed: a log that is whole from its beginning is enough, and one that is not "
                + "is refused."),
        .init(
            "autopurge.snapRetainCount", .count, \.snapshots.retainCount, in: .storage,
            "Snapshots that a purge leaves, at least 3."),
        .init(
            "autopurge.purgeInterval",
            .interval(bareUnit: .seconds(3600), "hours"), none: "off", writtenAs: ["0"],
            \.snapshots.purgeInterval, in: .storage,
            "Old snapshots and logs are purged this often, and after each snapshot; 0 is never."),
    ]

    static let znodeKeys: [ConfigurationKey] = [
        .init(
            "extendedTypesEnabled", .trueOrFalse, \.znodes.areTTLsEnabled, in: .znodes,
            "Allows znodes with a time to live. The server's id is then at most 254."),
        .init(
            "znode.container.checkIntervalMs", .milliseconds(), \.znodes.containerCheckInterval,
            in: .znodes, "The time between searches for containers and TTL znodes to delete."),
        .init(
            "znode.container.maxPerMinute", .integer(1...Int(Int32.max), "a number"),
            \.znodes.maxContainersPerMinute, in: .znodes,
            "Containers and TTL znodes that are deleted in a minute."),
        .init(
            "znode.container.maxNeverUsedIntervalMs",
            .milliseconds(), none: "for ever", writtenAs: ["0"],
            \.znodes.containerNeverUsedInterval, in: .znodes,
            "A container that never had a child is deleted after this; 0 is never."),
    ]
}
