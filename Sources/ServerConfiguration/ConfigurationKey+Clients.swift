// The table of keys: clients, sessions and limits.

extension ConfigurationKey {
    static let clientKeys: [ConfigurationKey] = [
        .init(
            "clientPort", .port, \.clients.port, in: .clients,
            "The port for clients; 0 takes any free one."),
        .init(
            "clientPortAddress", .text, none: "all addresses", \.clients.address, in: .clients,
            "The address to listen on for clients."),
        .init(
            "clientPortListenBacklog", .count, none: "the system's", writtenAs: ["-1"],
            \.clients.listenBacklog, in: .clients,
            "Connections that wait to be accepted; -1 is the operating system's default."),
        .init(
            "clientTcpKeepAlive", .trueOrFalse, \.clients.isTCPKeepAliveOn, in: .clients,
            "Sends TCP keep-alive probes on client connections."),
        .init(
            "tickTime", .milliseconds(), \.tickTime, in: .clients,
            "The unit of session timeouts and of the ensemble's limits."),
        .init(
            "minSessionTimeout", .milliseconds(), none: "2 × tickTime", writtenAs: ["-1"],
            \.clients.givenMinSessionTimeout, in: .clients,
            "Shorter session timeouts are raised to this."),
        .init(
            "maxSessionTimeout", .milliseconds(), none: "20 × tickTime", writtenAs: ["-1"],
            \.clients.givenMaxSessionTimeout, in: .clients,
            "Longer session timeouts are lowered to this."),
        .init(
            "nio.sessionlessCnxnTimeout", .milliseconds(), \.clients.sessionlessTimeout,
            in: .clients, "How long a connection may stay without asking for a session."),
        .init(
            "localSessionsEnabled", .trueOrFalse, \.clients.areLocalSessionsEnabled, in: .clients,
            "New sessions are known to their server only, and cost no transaction."),
        .init(
            "localSessionsUpgradingEnabled", .trueOrFalse, \.clients.areLocalSessionsUpgraded,
            in: .clients,
            "A local session that creates an ephemeral becomes a global one; else that is refused."
        ),
    ]

    static let limitKeys: [ConfigurationKey] = [
        .init(
            "maxClientCnxns", .count, \.limits.maxConnectionsPerAddress, in: .limits,
            "Connections from one client address; 0 is no limit."),
        .init(
            "maxCnxns", .count, \.limits.maxConnections, in: .limits,
            "Client connections in all; 0 is no limit."),
        .init(
            "globalOutstandingLimit", .integer(1...Int(Int32.max), "a number"),
            \.limits.maxOutstandingRequests, in: .limits,
            "Requests in the pipeline before the server stops reading more."),
        .init(
            "jute.maxbuffer", .bytes, \.limits.maxPacketBytes, in: .limits,
            "The largest request in bytes. A client that sends more is disconnected."),
        .init(
            "jute.maxbuffer.extrasize", .count, none: "3 × jute.maxbuffer + 1 MiB",
            \.limits.givenExtraPacketBytes, in: .limits,
            "Bytes a transaction may have beyond jute.maxbuffer. Raises the default only."),
        .init(
            "connection.maxOutputBytes", .bytes, \.limits.maxOutputBytes, in: .limits,
            "Bytes of replies and events that may wait in one connection. Not a key of Apache's."),
        .init(
            "largeRequestThreshold", .bytes, none: "none", writtenAs: ["-1"],
            \.limits.largeRequestThresholdBytes, in: .limits,
            "Writes larger than this count against largeRequestMaxBytes; -1 is none."),
        .init(
            "largeRequestMaxBytes", .bytes, \.limits.maxLargeRequestBytes, in: .limits,
            "Bytes of large writes in flight. Beyond it the next waits unread; one always may be."),
        .init(
            "enforceQuota", .trueOrFalse, \.limits.isQuotaEnforced, in: .limits,
            "Refuses writes beyond a hard quota rather than logging them."),
    ]
}
