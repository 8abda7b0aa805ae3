import ServerConfiguration
import Testing

/// Every key that Apache ZooKeeper 3.9 and its next release read, from its documentation and its
/// sources: a file that uses one is understood, or told what it does not get.
private let keysOfApache: [String] = """
    clientPort secureClientPort observerMasterPort dataDir tickTime dataLogDir clientPortAddress
    secureClientPortAddress server.1 peerType dynamicConfigFile version

    snapCount snapSizeLimitInKb txnLogSizeLimitInKb preAllocSize commitLogCount snapshotSizeFactor
    flushDelay maxWriteQueuePollTime maxBatchSize forceSync fsync.warningthresholdms
    autopurge.snapRetainCount autopurge.purgeInterval syncEnabled observer.syncEnabled
    snapshot.trust.empty snapshot.compression.method serializeLastProcessedZxid.enabled
    digest.enabled datadir.autocreate db.autocreate

    globalOutstandingLimit maxClientCnxns maxCnxns minSessionTimeout maxSessionTimeout
    clientPortListenBacklog jute.maxbuffer jute.maxbuffer.extrasize maxResponseCacheSize
    maxGetChildrenResponseCacheSize connectionMaxTokens connection_throttle_tokens
    connection_throttle_fill_time connection_throttle_fill_count connection_throttle_freeze_time
    connection_throttle_drop_increase connection_throttle_drop_decrease
    connection_throttle_decrease_ratio connection_throttle_weight_enabled
    connection_throttle_global_session_weight connection_throttle_local_session_weight
    connection_throttle_renew_session_weight requestThrottleLimit request_throttle_max_requests
    request_throttle_stall_time request_throttle_drop_stale request_stale_latency_check
    request_stale_connection_check request_throttler.shutdownTimeout throttledOpWaitTime
    throttled_op_wait_time largeRequestThreshold largeRequestMaxBytes enforceQuota
    enableEagerACLCheck advancedFlowControlEnabled netty.advancedFlowControl.enabled
    netty.server.outstandingHandshake.limit netty.server.earlyDropSecureConnectionHandshakes

    watchManagerName watcherCleanThreadsNum watcherCleanThreshold watcherCleanIntervalInSeconds
    maxInProcessingDeadWatchers bitHashCacheSize extendedTypesEnabled emulate353TTLNodes
    znode.container.checkIntervalMs znode.container.maxPerMinute
    znode.container.maxNeverUsedIntervalMs

    initLimit syncLimit connectToLearnerMasterLimit maxTimeToWaitForEpoch
    leader.maxTimeToWaitForEpoch electionAlg leaderServes group.1 weight.1 cnxTimeout
    quorumCnxnTimeoutMs standaloneEnabled reconfigEnabled 4lw.commands.whitelist tcpKeepAlive
    clientTcpKeepAlive electionPortBindRetry quorumListenOnAllIPs observer.reconnectDelayMs
    observer.election.DelayMs fastleader.minNotificationInterval
    fastleader.maxNotificationInterval localSessionsEnabled localSessionsUpgradingEnabled
    readonlymode.enabled leader.maxConcurrentSnapSyncs leader.maxConcurrentDiffSyncs
    learner.closeSocketAsync leader.closeSocketAsync learner.asyncSending
    forward_learner_requests_to_commit_processor_disabled
    follower.skipLearnerRequestToNextProcessor multiAddress.enabled
    multiAddress.reachabilityCheckTimeoutMs multiAddress.reachabilityCheckEnabled oraclePath
    quorum.cnxn.threads.size

    DigestAuthenticationProvider.enabled DigestAuthenticationProvider.superDigest
    DigestAuthenticationProvider.digestAlg IPAuthenticationProvider.usexforwardedfor
    X509AuthenticationProvider.superUser superUser superUser.1 ensembleAuthName
    sessionRequireClientSASLAuth skipACL enforce.auth.enabled enforce.auth.schemes authProvider.1
    ssl.authProvider kerberos.removeHostFromPrincipal kerberos.removeRealmFromPrincipal
    kerberos.canonicalizeHostNames kerberos.minReLoginTimeMs quorum.auth.enableSasl
    quorum.auth.learnerRequireSasl quorum.auth.serverRequireSasl
    quorum.auth.learner.saslLoginContext quorum.auth.server.saslLoginContext
    quorum.auth.kerberos.servicePrincipal sslQuorum portUnification client.portUnification
    sslQuorumReloadCertFiles client.certReload serverCnxnFactory ssl.sslProvider fips-mode
    ssl.keyStore.location ssl.quorum.keyStore.location ssl.clientAuth
    ssl.handshakeDetectionTimeoutMillis ssl.quorum.ocsp

    nio.numSelectorThreads nio.numWorkerThreads commitProcessor.numWorkerThreads
    commitProcessor.maxReadBatchSize commitProcessor.maxCommitBatchSize messageTracker.BufferSize
    messageTracker.Enabled jvm.pause.monitor jvm.pause.sleep.time.ms jvm.pause.warn-threshold.ms
    jvm.pause.info-threshold.ms

    admin.enableServer admin.serverPort admin.serverAddress admin.commandURL admin.idleTimeout
    admin.portUnification admin.forceHttps admin.needClientAuth admin.snapshot.enabled
    admin.restore.enabled admin.rateLimiterIntervalInMS audit.enable audit.impl.class
    metricsProvider.className metricsProvider.httpPort metricsProvider.httpHost
    metricsProvider.exportJvmInfo metricsProvider.numWorkerThreads metricsProvider.maxQueueSize
    metricsProvider.workerShutdownTimeoutMs metricsProvider.httpsPort metricsProvider.ssl.keyStore

    closeSessionTxn.enabled forceSnapshotSync observerMaster.sizeLimit leader.ackLoggingFrequency
    leader.nodelay follower.nodelay leaderConnectDelayDuringRetryMs nio.directBufferBytes
    nio.sessionlessCnxnTimeout nio.shutdownTimeout commitProcessor.shutdownTimeout
    intBufferStartingSizeBytes pathStats.enabled pathStats.slotCapacity allowSaslFailedClients
    letAnySaslUserDoX sasl.serverconfig SASLAuthenticationProvider.superPassword
    security.auth_to_local requireKerberosConfig admin.httpVersion testingonly.initialZxid
    test.allowDiscontinuousProposals
    """.split(whereSeparator: \.isWhitespace).map(String.init)

@Suite struct ApacheKeyTests {
    @Test(
        "no key of Apache's is unknown, with its prefix or without",
        arguments: ["", "zookeeper."])
    func known(prefix: String) {
        #expect(keysOfApache.count > 190)
        for key in keysOfApache {
            let text = "dataDir=/d\n\(prefix)\(key)=any value\n"
            let remarks: [String]
            do {
                remarks = try accepted(text).remarks
            } catch {
                remarks = refused(text)
            }
            #expect(!remarks.contains { $0.contains("not known") }, "\(key)")
        }
    }

    @Test("a key that has no place in the configuration says so in one line")
    func inert() throws {
        for key in ConfigurationKey.all where key.status != .applied {
            let name = key.isFamily ? key.name + "any" : key.name
            let text = "dataDir=/d\nclientPort=2181\n\(name)=true\n"
            let remarks = (try? accepted(text).remarks) ?? refused(text)
            #expect(remarks.count == 1 && remarks[0].contains("zoo.cfg:3: "), "\(name): \(remarks)")
        }
    }
}
