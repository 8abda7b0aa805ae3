import ServerConfiguration
import Testing

/// A line, and what must hold in a configuration that has it.
private struct KeyCase: Sendable {
    let key: String
    let value: String
    let holds: @Sendable (ServerConfiguration) -> Bool

    init(_ key: String, _ value: String, _ holds: @escaping @Sendable (ServerConfiguration) -> Bool)
    {
        self.key = key
        self.value = value
        self.holds = holds
    }
}

private let clientCases: [KeyCase] = [
    .init("clientPort", "0") { $0.clients.port == 0 },
    .init("clientPortAddress", "::1") { $0.clients.address == "::1" },
    .init("clientPortListenBacklog", "511") { $0.clients.listenBacklog == 511 },
    .init("clientTcpKeepAlive", "TRUE") { $0.clients.isTCPKeepAliveOn },
    .init("tickTime", "500") {
        $0.tickTime == .milliseconds(500) && $0.minSessionTimeout == .milliseconds(1000)
            && $0.maxSessionTimeout == .seconds(10)
    },
    .init("minSessionTimeout", "1") { $0.minSessionTimeout == .milliseconds(1) },
    .init("maxSessionTimeout", "90000") { $0.maxSessionTimeout == .seconds(90) },
    .init("nio.sessionlessCnxnTimeout", "77") {
        $0.clients.sessionlessTimeout == .milliseconds(77)
    },
    .init("localSessionsEnabled", "true") { $0.clients.areLocalSessionsEnabled },
    .init("localSessionsUpgradingEnabled", "true") { $0.clients.areLocalSessionsUpgraded },
    .init("maxClientCnxns", "0") { $0.limits.maxConnectionsPerAddress == 0 },
    .init("maxCnxns", "9") { $0.limits.maxConnections == 9 },
    .init("globalOutstandingLimit", "7") { $0.limits.maxOutstandingRequests == 7 },
    .init("jute.maxbuffer", "0x3fffff") {
        $0.limits.maxPacketBytes == 4_194_303 && $0.limits.givenExtraPacketBytes == nil
    },
    .init("jute.maxbuffer.extrasize", "10") { $0.limits.givenExtraPacketBytes == 10 },
    .init("connection.maxOutputBytes", "4096") { $0.limits.maxOutputBytes == 4096 },
    .init("largeRequestThreshold", "2048") { $0.limits.largeRequestThresholdBytes == 2048 },
    .init("largeRequestMaxBytes", "4096") { $0.limits.maxLargeRequestBytes == 4096 },
    .init("enforceQuota", "true") { $0.limits.isQuotaEnforced },
]

private let storageCases: [KeyCase] = [
    .init("dataDir", "/zk") { $0.storage.dataDir == "/zk" && $0.storage.dataLogDir == "/zk" },
    .init("dataLogDir", "/log") { $0.storage.dataLogDir == "/log" },
    .init("datadir.autocreate", "false") { !$0.storage.isDataDirCreated },
    .init("db.autocreate", "false") { !$0.storage.isDatabaseCreated },
    .init("digest.enabled", "false") { !$0.storage.isDigestEnabled },
    .init("txnLogSizeLimitInKb", "100") { $0.log.maxSegmentBytes == 102_400 },
    .init("txnLogSizeLimitInKb", "-1") { $0.log.maxSegmentBytes == nil },
    .init("txnLogSizeLimitInKb", "1") { $0.log.maxSegmentBytes == 65_536 },
    .init("txnLogSizeLimitInKb", "2000000") { $0.log.maxSegmentBytes == 1 << 30 },
    .init("txnLog.compress", "true") { $0.log.isCompressed },
    .init("flushDelay", "9") {
        $0.log.flushDelay == .milliseconds(9) && $0.log.maxQueueWait == .milliseconds(3)
    },
    .init("maxWriteQueuePollTime", "2") { $0.log.maxQueueWait == .milliseconds(2) },
    .init("maxBatchSize", "1") { $0.log.maxBatchSize == 1 },
    .init("forceSync", "no") { !$0.log.isSynced },
    .init("fsync.warningthresholdms", "20") { $0.log.syncWarningThreshold == .milliseconds(20) },
    .init("snapCount", "500") { $0.snapshots.transactionCount == 500 },
    .init("snapCount", "1") { $0.snapshots.transactionCount == 2 },
    .init("snapSizeLimitInKb", "1") { $0.snapshots.maxLogBytes == 1024 },
    .init("snapSizeLimitInKb", "0") { $0.snapshots.maxLogBytes == nil },
    .init("snapshot.trust.empty", "true") { $0.snapshots.isEmptyTrusted },
    .init("autopurge.snapRetainCount", "8") { $0.snapshots.retainCount == 8 },
    .init("autopurge.snapRetainCount", "1") { $0.snapshots.retainCount == 3 },
    .init("autopurge.purgeInterval", "24") { $0.snapshots.purgeInterval == .seconds(86400) },
    .init("autopurge.purgeInterval", "15m") { $0.snapshots.purgeInterval == .seconds(900) },
    .init("autopurge.purgeInterval", "500MS") {
        $0.snapshots.purgeInterval == .milliseconds(500)
    },
    .init("autopurge.purgeInterval", "0") { $0.snapshots.purgeInterval == nil },
    .init("autopurge.purgeInterval", "0h") { $0.snapshots.purgeInterval == nil },
    .init("extendedTypesEnabled", "false") { !$0.znodes.areTTLsEnabled },
    .init("znode.container.checkIntervalMs", "5") {
        $0.znodes.containerCheckInterval == .milliseconds(5)
    },
    .init("znode.container.maxPerMinute", "6") { $0.znodes.maxContainersPerMinute == 6 },
    .init("znode.container.maxNeverUsedIntervalMs", "7") {
        $0.znodes.containerNeverUsedInterval == .milliseconds(7)
    },
]

private let accessCases: [KeyCase] = [
    .init("skipACL", "yes") { $0.security.isACLSkipped },
    .init("DigestAuthenticationProvider.enabled", "false") { !$0.security.isDigestSchemeEnabled },
    .init("DigestAuthenticationProvider.superDigest", "super:x/y=") {
        $0.security.superDigest == "super:x/y="
    },
    .init("superDigest", "super:z=") { $0.security.superDigest == "super:z=" },
    .init("DigestAuthenticationProvider.digestAlg", "sha-256") {
        $0.security.digestAlgorithm == .sha256
    },
    .init("enforce.auth.enabled", "true\nenforce.auth.schemes=digest") {
        $0.security.isAuthenticationEnforced
    },
    .init("enforce.auth.schemes", "ip, digest") {
        $0.security.enforcedSchemes == ["ip", "digest"]
    },
    .init("4lw.commands.whitelist", "stat, ruok") {
        $0.allowsFourLetterWord("ruok") && !$0.allowsFourLetterWord("srvr")
    },
    .init("4lw.commands.whitelist", "*") { $0.allowsFourLetterWord("wchp") },
    .init("admin.enableServer", "true") { $0.admin.isEnabled },
    .init("admin.serverPort", "9090") { $0.admin.port == 9090 },
    .init("admin.serverAddress", "0.0.0.0") { $0.admin.address == "0.0.0.0" },
    .init("admin.commandURL", "/zk") { $0.admin.commandURL == "/zk" },
    .init("admin.idleTimeout", "1") { $0.admin.idleTimeout == .milliseconds(1) },
    .init("admin.snapshot.enabled", "false") { !$0.admin.isSnapshotEnabled },
    .init("admin.restore.enabled", "false") { !$0.admin.isRestoreEnabled },
    .init("admin.rateLimiterIntervalInMS", "0") { $0.admin.snapshotRateLimit == .zero },
    .init(
        "metricsProvider.className",
        "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"
    ) { $0.metrics.isPrometheusEnabled },
    .init("metricsProvider.httpHost", "::") { $0.metrics.host == "::" },
    .init("metricsProvider.httpPort", "7070") { $0.metrics.port == 7070 },
]

private let ensembleCases: [KeyCase] = [
    .init("server.", "1=h:2888:3888") { $0.ensemble.members[1]?.addresses.first?.host == "h" },
    .init("group.", "2=1:2:3") { $0.ensemble.groups == [2: [1, 2, 3]] },
    .init("weight.", "4=0") { $0.ensemble.weights == [4: 0] },
    .init("version", "10000a") { $0.ensemble.version == 0x10_000a },
    .init("dynamicConfigFile", "/d") { $0.ensemble.dynamicConfigFile == "/d" },
    .init("peerType", "Observer") { $0.ensemble.givenRole == .observer },
    .init("standaloneEnabled", "true") { $0.ensemble.isStandaloneEnabled },
    .init("reconfigEnabled", "true") { $0.ensemble.isReconfigEnabled },
    .init("readonlymode.enabled", "true") {
        $0.ensemble.isReadOnlyModeEnabled && $0.allowsFourLetterWord("isro")
    },
    .init("leaderServes", "no") { !$0.ensemble.leaderServesClients },
    .init("quorumListenOnAllIPs", "true") { $0.ensemble.listensOnAllAddresses },
    .init("tcpKeepAlive", "true") { $0.ensemble.isTCPKeepAliveOn },
    .init("multiAddress.enabled", "true") { $0.ensemble.areMultipleAddressesEnabled },
    .init("multiAddress.reachabilityCheckEnabled", "false") { !$0.ensemble.isReachabilityChecked },
    .init("multiAddress.reachabilityCheckTimeoutMs", "3") {
        $0.ensemble.reachabilityTimeout == .milliseconds(3)
    },
    .init("observerMasterPort", "2191") { $0.ensemble.observerMasterPort == 2191 },
    .init("initLimit", "11") { $0.ensemble.initLimit == 11 && $0.ensemble.connectLimit == 11 },
    .init("syncLimit", "12") { $0.ensemble.syncLimit == 12 },
    .init("connectToLearnerMasterLimit", "13") { $0.ensemble.connectLimit == 13 },
    .init("leader.maxTimeToWaitForEpoch", "14") {
        $0.ensemble.maxTimeToWaitForEpoch == .milliseconds(14)
    },
    .init("cnxTimeout", "15") { $0.ensemble.electionConnectTimeout == .milliseconds(15) },
    .init("quorumCnxnTimeoutMs", "16") { $0.ensemble.electionReadTimeout == .milliseconds(16) },
    .init("repair.enabled", "false") { !$0.ensemble.isRepairEnabled },
    .init("electionPortBindRetry", "0") { $0.ensemble.electionBindRetries == 0 },
    .init("fastleader.minNotificationInterval", "17") {
        $0.ensemble.minNotificationInterval == .milliseconds(17)
    },
    .init("fastleader.maxNotificationInterval", "18") {
        $0.ensemble.maxNotificationInterval == .milliseconds(18)
    },
    .init("observer.election.DelayMs", "0") { $0.ensemble.observerElectionDelay == .zero },
    .init("observer.reconnectDelayMs", "19") {
        $0.ensemble.observerReconnectDelay == .milliseconds(19)
    },
    .init("syncEnabled", "false") { !$0.ensemble.isObserverLogSynced },
    .init("observer.syncEnabled", "false") { !$0.ensemble.isObserverLogSynced },
    .init("commitLogCount", "20") { $0.ensemble.commitLogCount == 20 },
    .init("snapshotSizeFactor", "-1") { $0.ensemble.snapshotSizeFactor == -1 },
    .init("leader.maxConcurrentSnapSyncs", "21") { $0.ensemble.maxConcurrentSnapSyncs == 21 },
    .init("leader.maxConcurrentDiffSyncs", "22") { $0.ensemble.maxConcurrentDiffSyncs == 22 },
]

private let cases = clientCases + storageCases + accessCases + ensembleCases

@Suite struct KeyTests {
    private func line(_ example: KeyCase, prefix: String = "") -> String {
        "\(prefix)\(example.key)\(example.key.hasSuffix(".") ? "" : "=")\(example.value)\n"
    }

    @Test("every key takes its value to its place, with and without the prefix zookeeper.")
    func everyKey() throws {
        for example in cases {
            for prefix in ["", "zookeeper."] {
                let dataDir = example.key == "dataDir" ? "" : "dataDir=/d\n"
                let text = dataDir + line(example, prefix: prefix)
                let (configuration, remarks) = try accepted(text)
                #expect(example.holds(configuration), "\(text): \(remarks)")
                #expect(!remarks.contains { $0.contains("not known") }, "\(text): \(remarks)")
            }
        }
    }

    @Test("a change of a key is seen: none of the examples holds by default")
    func defaultsDiffer() {
        let sameAsDefault = ["standaloneEnabled=true", "autopurge.snapRetainCount=1"]
        for example in cases where !sameAsDefault.contains("\(example.key)=\(example.value)") {
            #expect(!example.holds(ServerConfiguration()), "\(example.key)=\(example.value)")
        }
    }

    @Test("there is an example here for each key of the table that is applied")
    func examplesAreComplete() {
        let tested = Set(cases.map(\.key))
        for key in ConfigurationKey.all where key.status == .applied {
            #expect(tested.contains(key.name), "no example for \(key.name)")
        }
    }

    @Test("a value that makes no sense is refused by each key that is not free text")
    func nonsense() {
        let free = [
            "clientPortAddress", "dataDir", "dataLogDir", "admin.serverAddress",
            "metricsProvider.httpHost", "dynamicConfigFile", "4lw.commands.whitelist",
        ]
        for key in ConfigurationKey.all where key.status == .applied && !free.contains(key.name) {
            let name = key.isFamily ? key.name + "1" : key.name
            let remarks = refused("dataDir=/d\n\(name)=non sense\n")
            let start = "zoo.cfg:2: error: \(name): "
            let isRefused = remarks.contains { $0.hasPrefix(start) && $0.contains(" is not a") }
            #expect(isRefused, "\(name): \(remarks)")
        }
    }

    @Test("defaults are Apache's, or ours where the documentation says so")
    func defaults() throws {
        let (configuration, remarks) = try accepted("dataDir=./data")
        #expect(configuration == .standalone())
        #expect(remarks == [])
        #expect(configuration.clients.port == 2181)
        #expect(configuration.minSessionTimeout == .seconds(6))
        #expect(configuration.maxSessionTimeout == .seconds(60))
        #expect(configuration.limits.maxPacketBytes == 1_048_575)
        #expect(configuration.snapshots.purgeInterval == .seconds(3600))
        #expect(configuration.admin.fourLetterWords == ["srvr"])
        #expect(!configuration.allowsFourLetterWord("isro"))
        #expect(!configuration.isEnsembleMember)
        #expect(configuration.myID == nil)
    }
}
