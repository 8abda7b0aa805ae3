// The table of keys: authentication, four-letter words, the admin server and metrics.

extension ConfigurationKey {
    static let securityKeys: [ConfigurationKey] = [
        .init(
            "skipACL", .yesOrNo, \.security.isACLSkipped, in: .security,
            "`yes` lets everyone do everything."),
        .init(
            "DigestAuthenticationProvider.enabled", .trueOrFalse, \.security.isDigestSchemeEnabled,
            in: .security, "Whether clients may authenticate by user and password."),
        .init(
            "DigestAuthenticationProvider.superDigest", .superDigest, \.security.superDigest,
            in: .security, aliases: ["superDigest"],
            "The user who passes every ACL, with the digest of the password."),
        .init(
            "DigestAuthenticationProvider.digestAlg", .digestAlgorithm,
            \.security.digestAlgorithm, in: .security, aliases: ["digestAlg"],
            "The hash of the digest scheme: the same on all servers, for good."),
        .init(
            "enforce.auth.enabled", .trueOrFalse, \.security.isAuthenticationEnforced,
            in: .security, "Only clients authenticated by one of enforce.auth.schemes may work."),
        .init(
            "enforce.auth.schemes", .list, \.security.enforcedSchemes, in: .security,
            "The schemes of enforce.auth.enabled."),
    ]

    static let adminKeys: [ConfigurationKey] = [
        .init(
            "4lw.commands.whitelist", .list, \.admin.fourLetterWords, in: .admin,
            "The four-letter words that are answered, `*` for all; `isro` too in read-only mode."),
        .init(
            "admin.enableServer", .trueOrFalse, \.admin.isEnabled, in: .admin,
            "Serves commands over HTTP. Not followed yet, nor are the keys below."),
        .init(
            "admin.serverPort", .port, \.admin.port, in: .admin, "The port of the HTTP commands."),
        .init(
            "admin.serverAddress", .text, \.admin.address, in: .admin,
            "The address of the HTTP commands."),
        .init(
            "admin.commandURL", .urlPath, \.admin.commandURL, in: .admin,
            "The path below which the HTTP commands are."),
        .init(
            "admin.idleTimeout", .milliseconds(), \.admin.idleTimeout, in: .admin,
            "An HTTP connection without requests is closed after this."),
        .init(
            "admin.snapshot.enabled", .trueOrFalse, \.admin.isSnapshotEnabled, in: .admin,
            "Allows the snapshot command."),
        .init(
            "admin.restore.enabled", .trueOrFalse, \.admin.isRestoreEnabled, in: .admin,
            "Allows the restore command."),
        .init(
            "admin.rateLimiterIntervalInMS", .milliseconds(0...Int(Int32.max)),
            \.admin.snapshotRateLimit, in: .admin,
            "The least time between two snapshot or restore commands."),
        .init(
            "metricsProvider.className", .metricsProvider, \.metrics.isPrometheusEnabled,
            in: .admin,
            "Serves metrics to Prometheus if it names Apache's provider. Not followed yet."),
        .init(
            "metricsProvider.httpHost", .text, \.metrics.host, in: .admin,
            "The address of the metrics."),
        .init(
            "metricsProvider.httpPort", .port, \.metrics.port, in: .admin,
            "The port of the metrics."),
    ]
}

extension ValueSyntax<String> {
    fileprivate static let urlPath = ValueSyntax(
        expected: "a path that begins with /", parse: { $0.hasPrefix("/") ? $0 : nil },
        render: { $0 })
}

extension ValueSyntax<String?> {
    fileprivate static let superDigest = ValueSyntax(
        expected: "super: and a digest in base64",
        parse: { text in
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
            return .some(text)
        },
        render: { $0 ?? "none" })
}

extension ValueSyntax<SecuritySettings.DigestAlgorithm> {
    fileprivate static let digestAlgorithm = ValueSyntax(
        expected: Value.allCases.map(\.rawValue).joined(separator: ", "),
        parse: { Value(rawValue: $0.uppercased()) },
        render: { $0.rawValue })
}

extension ValueSyntax<Bool> {
    /// Only the name of Apache's Prometheus provider turns metrics on.
    fileprivate static let metricsProvider = ValueSyntax(
        expected: "the name of Apache's PrometheusMetricsProvider or DefaultMetricsProvider",
        parse: { text in
            switch text.split(separator: ".").last {
            case "PrometheusMetricsProvider": true
            case "DefaultMetricsProvider", "NullMetricsProvider": false
            default: nil
            }
        },
        render: { $0 ? "PrometheusMetricsProvider" : "DefaultMetricsProvider" })
}
