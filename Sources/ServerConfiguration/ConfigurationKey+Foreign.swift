// The table of keys: what Apache ZooKeeper reads and this server does not, and why. A file that
// served Apache is taken as it is, and nothing in it is passed over in silence.

extension ConfigurationKey {
    static let foreignKeys: [ConfigurationKey] =
        jvmKeys + replacedKeys + unsupportedKeys + refusedKeys

    private static let jvmKeys =
        withoutEffect(
            "the server has no JVM and no thread pools",
            "nio.numSelectorThreads", "nio.numWorkerThreads", "nio.directBufferBytes",
            "nio.shutdownTimeout", "commitProcessor.numWorkerThreads",
            "commitProcessor.maxReadBatchSize", "commitProcessor.maxCommitBatchSize",
            "commitProcessor.shutdownTimeout", "quorum.cnxn.threads.size", "serverCnxnFactory",
            "netty.advancedFlowControl.enabled", "advancedFlowControlEnabled",
            "netty.server.outstandingHandshake.limit",
            "netty.server.earlyDropSecureConnectionHandshakes", "jvm.pause.monitor",
            "jvm.pause.sleep.time.ms", "jvm.pause.warn-threshold.ms",
            "jvm.pause.info-threshold.ms", "intBufferStartingSizeBytes", "jmx.log4j.disable",
            "jmx.log4j.mbean", "metricsProvider.exportJvmInfo",
            "metricsProvider.numWorkerThreads", "metricsProvider.maxQueueSize",
            "metricsProvider.workerShutdownTimeoutMs", "learner.closeSocketAsync",
            "leader.closeSocketAsync", "learner.asyncSending", "leader.nodelay",
            "follower.nodelay", "kinit", "client.secure", "clientCnxnSocket", "admin.httpVersion")

    private static let replacedKeys =
        withoutEffect(
            "reads are encoded straight from the tree, so that nothing is cached",
            "maxResponseCacheSize", "maxGetChildrenResponseCacheSize")
        + withoutEffect(
            "there is one kind of watch table and it needs no cleaner",
            "watchManagerName", "watcherCleanThreadsNum", "watcherCleanThreshold",
            "watcherCleanIntervalInSeconds", "maxInProcessingDeadWatchers", "bitHashCacheSize")
        + withoutEffect(
            "snapshots are always lz4 and always synced",
            "snapshot.compression.method", "forceSnapshotSync")
        + withoutEffect(
            "a log file is written with zeros ahead of its use, whole (txnLogSizeLimitInKb)",
            "preAllocSize")
        + withoutEffect(
            "the pipeline has one stage, and these steer the stages of Apache's",
            "closeSessionTxn.enabled", "serializeLastProcessedZxid.enabled",
            "forward_learner_requests_to_commit_processor_disabled",
            "follower.skipLearnerRequestToNextProcessor", "enableEagerACLCheck",
            "leader.ackLoggingFrequency", "leaderConnectDelayDuringRetryMs",
            "request_throttler.shutdownTimeout")
        + withoutEffect("only algorithm 3, fast leader election, exists", "electionAlg")

    private static let unsupportedKeys =
        unsupported(
            "TLS for clients: there is no port for it, and clients connect in plain text",
            "secureClientPort", "secureClientPortAddress", "client.portUnification",
            "client.certReload", "ssl.", "fips-mode", "X509AuthenticationProvider.superUser")
        + unsupported(
            "TLS between servers", "portUnification", "sslQuorumReloadCertFiles", "ssl.quorum.")
        + unsupported(
            "SASL", "quorum.auth.", "kerberos.", "sasl.", "allowSaslFailedClients",
            "letAnySaslUserDoX", "SASLAuthenticationProvider.superPassword",
            "security.auth_to_local", "requireKerberosConfig")
        + unsupported(
            "authentication by a Java class or by name", "authProvider.", "superUser",
            "superUser.", "ensembleAuthName", "IPAuthenticationProvider.usexforwardedfor")
        + unsupported("the audit log", "audit.enable", "audit.impl.class")
        + unsupported(
            "throttling of connections", "connection_throttle_", "connectionMaxTokens")
        + unsupported(
            "throttling of requests", "request_throttle_", "request_stale_",
            "requestThrottleLimit", "throttled_op_wait_time", "throttledOpWaitTime")
        + unsupported(
            "TLS and credentials for HTTP commands", "admin.portUnification", "metricsProvider.")
        + unsupported("the oracle of two-server ensembles", "oraclePath")
        + unsupported("limits of observer masters", "observerMaster.sizeLimit")
        + unsupported("TTL znodes in the format of 3.5.3", "emulate353TTLNodes")
        + unsupported(
            "a trace of messages and paths", "messageTracker.", "pathStats.")
        + unsupported("a switch for Apache's own tests", "testingonly.", "test.")

    private static let refusedKeys =
        refusedIfTrue("TLS between servers", "sslQuorum")
        + refusedIfTrue(
            "SASL", "quorum.auth.enableSasl", "quorum.auth.learnerRequireSasl",
            "quorum.auth.serverRequireSasl", "sessionRequireClientSASLAuth")
        + refusedIfTrue(
            "TLS and credentials for HTTP commands", "admin.forceHttps", "admin.needClientAuth")
}
