// Values that are read and not followed, or not as Apache would: each has a line at the start that
// says what this server does instead, and why nothing is lost by it.

/// A demand of the file that the server meets in another way, or does not meet.
private struct UnfollowedDemand: Sendable {
    let key: String
    /// Whether the value asks for what is not done.
    let isMade: @Sendable (ServerConfiguration) -> Bool
    let remedy: String

    init(
        _ key: String, _ remedy: String,
        if isMade: @escaping @Sendable (ServerConfiguration) -> Bool
    ) {
        self.key = key
        self.isMade = isMade
        self.remedy = remedy
    }
}

extension ConfigurationParser {
    mutating func reviewUnfollowed() {
        for demand in UnfollowedDemand.all
        where isGiven(demand.key) && demand.isMade(configuration) {
            remark(.warning, on: demand.key, demand.remedy)
        }
        reviewHTTPKeys()
        if !configuration.isEnsembleMember { reviewIdleEnsembleKeys() }
    }

    /// Whoever sets one of them and leaves `admin.enableServer` to Apache's default wants it on.
    private mutating func reviewHTTPKeys() {
        if isGiven("admin.enableServer"), !configuration.admin.isEnabled { return }
        let keys = [
            "admin.serverPort", "admin.serverAddress", "admin.commandURL", "admin.idleTimeout",
            "admin.snapshot.enabled", "admin.restore.enabled", "admin.rateLimiterIntervalInMS",
        ]
        for key in keys where isGiven(key) {
            remark(.warning, on: key, "not supported yet: there are no commands over HTTP")
        }
    }

    /// Apache says nothing of them either, and its own sample has two: one line for all.
    private mutating func reviewIdleEnsembleKeys() {
        let own = ["version", "dynamicConfigFile", "standaloneEnabled", "readonlymode.enabled"]
        let ofSessions = ["localSessionsEnabled", "localSessionsUpgradingEnabled"]
        let idle = ConfigurationKey.all
            .filter { key in
                ofSessions.contains(key.name)
                    || key.section == .ensemble && !key.isFamily && !own.contains(key.name)
            }
            .map(\.name).filter(isGiven)
        guard let first = idle.first else { return }
        let others = idle.dropFirst().joined(separator: ", ")
        let also = others.isEmpty ? "" : "; nor have \(others)"
        remark(.notice, on: first, "has nothing to do on a standalone server" + also)
    }
}

extension UnfollowedDemand {
    fileprivate static let all: [UnfollowedDemand] = engine + serving

    private static let engine: [UnfollowedDemand] = [
        .init(
            "snapshot.trust.empty",
            "not needed: a log without a snapshot is taken if it is whole from its beginning, and "
                + "refused if not",
            if: \.snapshots.isEmptyTrusted),
        .init(
            "jute.maxbuffer",
            "a write that makes a transaction of more than \(LimitSettings.maxTxnBytes >> 20) MiB "
                + "is refused with badArguments all the same: the log takes no larger record",
            if: { $0.limits.maxPacketBytes > LimitSettings.maxTxnBytes }),
        .init(
            "jute.maxbuffer.extrasize",
            "followed up to \(LimitSettings.maxTxnBytes >> 20) MiB with jute.maxbuffer: the log "
                + "takes no larger record",
            if: {
                ($0.limits.givenExtraPacketBytes ?? 0) + $0.limits.maxPacketBytes
                    > LimitSettings.maxTxnBytes
            }),
    ]

    private static let serving: [UnfollowedDemand] = [
        .init(
            "admin.enableServer",
            "not supported yet: there are no commands over HTTP. Four-letter words answer most "
                + "of them, and `zknode snapshot` and `zknode backup` the rest",
            if: \.admin.isEnabled),
        .init(
            "metricsProvider.className",
            "not supported yet: there is no endpoint for Prometheus. `mntr` has the metrics",
            if: \.metrics.isPrometheusEnabled),
        .init("metricsProvider.httpHost", noEndpoint, if: \.metrics.isPrometheusEnabled),
        .init("metricsProvider.httpPort", noEndpoint, if: \.metrics.isPrometheusEnabled),
    ]

    private static let noEndpoint = "not supported yet: there is no endpoint for Prometheus"
}
