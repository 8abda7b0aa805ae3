// The table of keys: the members of the ensemble and how long they wait for each other.

extension ConfigurationKey {
    static let memberKeys: [ConfigurationKey] = [
        .init(
            family: "server.", expected: EnsembleMember.form, in: .ensemble,
            "A member of the ensemble, by its id. Several addresses stand between `|`."
        ) { (id, text, configuration) throws(BadValue) in
            configuration.ensemble.members[id] = try EnsembleMember(id: id, text)
        },
        .init(
            family: "group.", expected: "server ids separated by colons", in: .ensemble,
            "The servers of a group: a quorum is a majority of votes in a majority of groups."
        ) { (group, text, configuration) throws(BadValue) in
            let ids = text.split(separator: ":", omittingEmptySubsequences: false)
                .map { Int64(trimmed($0)) }
            let servers = ids.compactMap { $0 }
            guard servers.count == ids.count else {
                throw BadValue("server ids separated by colons")
            }
            configuration.ensemble.groups[group] = servers
        },
        .init(
            family: "weight.", expected: "a number of votes", in: .ensemble,
            "The votes of a server in its group, 1 unless given."
        ) { (id, text, configuration) throws(BadValue) in
            guard let weight = Int64(text), weight >= 0 else { throw BadValue("a number of votes") }
            configuration.ensemble.weights[id] = weight
        },
        .init(
            "version", .membershipVersion, \.ensemble.version, in: .ensemble,
            "The version of the membership, in hexadecimal. Servers write it."),
        .init(
            "dynamicConfigFile", .path, none: "none", \.ensemble.dynamicConfigFile,
            in: .ensemble, "The file with the `server.N` lines, if they are not here."),
        .init(
            "peerType", .role, \.ensemble.givenRole, in: .ensemble,
            "What this server is. The `server.N` line decides if it says otherwise."),
        .init(
            "standaloneEnabled", .trueOrFalse, \.ensemble.isStandaloneEnabled, in: .ensemble,
            "With one member or none the server is standalone, and cannot be reconfigured."),
        .init(
            "reconfigEnabled", .trueOrFalse, \.ensemble.isReconfigEnabled, in: .ensemble,
            "Allows the reconfig operation."),
        .init(
            "readonlymode.enabled", .trueOrFalse, \.ensemble.isReadOnlyModeEnabled, in: .ensemble,
            "Serves reads to clients that accept it while no leader is found."),
        .init(
            "leaderServes", .yesOrNo, \.ensemble.leaderServesClients, in: .ensemble,
            "Whether a server that leads takes clients."),
        .init(
            "quorumListenOnAllIPs", .trueOrFalse, \.ensemble.listensOnAllAddresses, in: .ensemble,
            "Listens for the other members on all addresses."),
        .init(
            "tcpKeepAlive", .trueOrFalse, \.ensemble.isTCPKeepAliveOn, in: .ensemble,
            "Sends TCP keep-alive probes on election connections."),
        .init(
            "multiAddress.enabled", .trueOrFalse, \.ensemble.areMultipleAddressesEnabled,
            in: .ensemble, "Allows several addresses in a `server.N` line."),
        .init(
            "multiAddress.reachabilityCheckEnabled", .trueOrFalse,
            \.ensemble.isReachabilityChecked, in: .ensemble,
            "Looks for an address that answers before it connects."),
        .init(
            "multiAddress.reachabilityCheckTimeoutMs", .milliseconds(),
            \.ensemble.reachabilityTimeout, in: .ensemble, "How long that may take."),
        .init(
            "observerMasterPort", .port, none: "off", writtenAs: ["0"],
            \.ensemble.observerMasterPort, in: .ensemble,
            "The port on which a follower feeds observers."),
    ]

    static let ensembleTimingKeys: [ConfigurationKey] = [
        .init(
            "initLimit", .ticks, none: "required in an ensemble", \.ensemble.initLimit,
            in: .ensemble, "Ticks for a learner to connect to the leader and to synchronize."),
        .init(
            "syncLimit", .ticks, none: "required in an ensemble", \.ensemble.syncLimit,
            in: .ensemble, "Ticks that a learner may be out of touch with the leader."),
        .init(
            "connectToLearnerMasterLimit", .ticks, none: "initLimit",
            \.ensemble.givenConnectLimit, in: .ensemble,
            "Ticks for a learner to connect to the leader."),
        .init(
            "leader.maxTimeToWaitForEpoch", .milliseconds(), none: "off", writtenAs: ["-1"],
            \.ensemble.maxTimeToWaitForEpoch, in: .ensemble, aliases: ["maxTimeToWaitForEpoch"],
            "A leader that has no quorum for its epoch after this looks again."),
        .init(
            "cnxTimeout", .milliseconds(), \.ensemble.electionConnectTimeout, in: .ensemble,
            "How long to wait for an election connection to open."),
        .init(
            "quorumCnxnTimeoutMs",
            .milliseconds(), none: "syncLimit × tickTime", writtenAs: ["-1"],
            \.ensemble.electionReadTimeout, in: .ensemble,
            "How long to wait for a reply on an election connection."),
        .init(
            "electionPortBindRetry", .count, \.ensemble.electionBindRetries, in: .ensemble,
            "Tries to bind the election port; 0 is without end."),
        .init(
            "repair.enabled", .trueOrFalse, \.ensemble.isRepairEnabled, in: .ensemble,
            "A member with damaged data gets it from the others; else it refuses. Not Apache's."),
        .init(
            "fastleader.minNotificationInterval", .milliseconds(),
            \.ensemble.minNotificationInterval, in: .ensemble,
            "The first wait for votes before they are asked for again."),
        .init(
            "fastleader.maxNotificationInterval", .milliseconds(),
            \.ensemble.maxNotificationInterval, in: .ensemble,
            "The longest wait, to which the first is doubled step by step."),
        .init(
            "observer.election.DelayMs", .milliseconds(0...Int(Int32.max)),
            \.ensemble.observerElectionDelay, in: .ensemble,
            "How long an observer waits before it asks for the leader again."),
        .init(
            "observer.reconnectDelayMs", .milliseconds(0...Int(Int32.max)),
            \.ensemble.observerReconnectDelay, in: .ensemble,
            "How long an observer waits before it connects again."),
        .init(
            "syncEnabled", .trueOrFalse, \.ensemble.isObserverLogSynced, in: .ensemble,
            aliases: ["observer.syncEnabled"], "Whether an observer keeps a log and snapshots."),
        .init(
            "commitLogCount", .integer(1...Int(Int32.max), "a number"), \.ensemble.commitLogCount,
            in: .ensemble, "Transactions kept in memory for learners that lag a little."),
        .init(
            "snapshotSizeFactor", .fraction(-1...100), \.ensemble.snapshotSizeFactor,
            in: .ensemble,
            "A learner is sent log while it is smaller than this part of a snapshot; -1: never."),
        .init(
            "leader.maxConcurrentSnapSyncs", .count, \.ensemble.maxConcurrentSnapSyncs,
            in: .ensemble, "Learners that are sent a snapshot at once."),
        .init(
            "leader.maxConcurrentDiffSyncs", .count, \.ensemble.maxConcurrentDiffSyncs,
            in: .ensemble, "Learners that are sent log at once."),
    ]
}

extension ValueSyntax<Int> {
    fileprivate static let ticks = integer(1...1_000_000, "a number of ticks")
}

extension ValueSyntax<Int64?> {
    fileprivate static let membershipVersion = ValueSyntax(
        expected: "a hexadecimal number",
        parse: { text in Int64(text, radix: 16).map { .some($0) } },
        render: { $0.map { String($0, radix: 16) } ?? "none" })
}

extension ValueSyntax<EnsembleMember.Role> {
    fileprivate static let role = ValueSyntax(
        expected: "participant or observer",
        parse: { Value(rawValue: $0.lowercased()) },
        render: { $0.rawValue })
}
