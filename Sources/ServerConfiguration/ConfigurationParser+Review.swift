// The checks that need more than one value, and the values that are allowed but not taken as given.

extension ConfigurationParser {
    mutating func review() {
        reviewMinimums()
        reviewDataDirectories()
        reviewSessions()
        reviewSecurity()
        reviewSecurePorts()
        reviewIDs()
        reviewGroups()
        if configuration.isEnsembleMember { reviewEnsemble() } else { reviewStandalone() }
        reviewUnfollowed()
    }

    /// Values that are raised, as Apache raises them, or kept to what the log can do.
    private mutating func reviewMinimums() {
        if configuration.snapshots.retainCount < 3 {
            remark(.warning, on: "autopurge.snapRetainCount", "raised to 3")
            change { $0.snapshots.retainCount = 3 }
        }
        if configuration.snapshots.transactionCount < 2 {
            remark(.warning, on: "snapCount", "raised to 2")
            change { $0.snapshots.transactionCount = 2 }
        }
        // `0h` is as off as `0`.
        if configuration.snapshots.purgeInterval == .zero {
            change { $0.snapshots.purgeInterval = nil }
        }
        let sizes = LogSettings.segmentBytesRange
        if let size = configuration.log.maxSegmentBytes, !sizes.contains(size) {
            let taken = size < sizes.lowerBound ? sizes.lowerBound : sizes.upperBound
            remark(
                .warning, on: "txnLogSizeLimitInKb",
                "\(size < taken ? "raised" : "lowered") to \(taken >> 10)")
            change { $0.log.maxSegmentBytes = taken }
        }
    }

    private mutating func reviewDataDirectories() {
        if !isGiven("dataDir") {
            remark(.error, on: "dataDir", "is required: the directory for the server's data")
        }
        if !configuration.log.isSynced {
            remark(
                .warning, on: "forceSync",
                "\"no\" is not followed: a write that is acknowledged survives a power failure")
        }
    }

    private mutating func reviewSessions() {
        let (least, most) = (configuration.minSessionTimeout, configuration.maxSessionTimeout)
        guard least > most else { return }
        let given = isGiven("minSessionTimeout") ? "minSessionTimeout" : "maxSessionTimeout"
        remark(
            .error, on: given,
            "minSessionTimeout (\(least.wholeMilliseconds) ms) must not be above "
                + "maxSessionTimeout (\(most.wholeMilliseconds) ms)")
    }

    private mutating func reviewSecurity() {
        if configuration.security.isACLSkipped {
            remark(.warning, on: "skipACL", "with \"yes\" everyone may do everything")
        }
        let schemes = configuration.security.enforcedSchemes
        if configuration.security.isAuthenticationEnforced && schemes.isEmpty {
            remark(
                .error, on: "enforce.auth.enabled",
                "needs enforce.auth.schemes: without a scheme no client could work")
        }
        for scheme in schemes where !["digest", "ip"].contains(scheme) {
            remark(
                .error, on: "enforce.auth.schemes",
                "\"\(scheme)\" is not a scheme of this server; expected digest, ip")
        }
        for word in configuration.admin.fourLetterWords where word != "*" && word.utf8.count != 4 {
            remark(
                .warning, on: "4lw.commands.whitelist",
                "\"\(word)\" is not a four-letter word and is ignored")
        }
    }

    /// Without TLS a secure port is not opened; and a file that has no other must not get one in
    /// plain text by default.
    private mutating func reviewSecurePorts() {
        let own = configuration.ownMember
        let line = own?.secureClient == nil ? nil : "server.\(own?.id ?? 0)"
        guard let key = line ?? (isGiven("secureClientPort") ? "secureClientPort" : nil) else {
            return
        }
        if !isGiven("clientPort") && own?.client == nil {
            remark(
                .error, on: key,
                "TLS for clients is not supported yet, and there is no clientPort: set one to "
                    + "serve clients in plain text")
        } else if line != nil {
            remark(.warning, on: key, "TLS for clients is not supported yet; its port is ignored")
        }
    }

    private mutating func reviewIDs() {
        if configuration.myID == 255 && configuration.znodes.areTTLsEnabled {
            remark(
                .error, on: "extendedTypesEnabled",
                "TTL znodes need a server id (myid) of at most 254 and this one is 255; set it to "
                    + "false, or give the server another id")
        }
        for id in configuration.ensemble.members.keys.sorted() where !(1...255 ~= id) {
            remark(.error, on: "server.\(id)", "the id must be 1 to 255")
        }
        guard !configuration.ensemble.areMultipleAddressesEnabled else { return }
        for (id, member) in configuration.ensemble.members.sorted(by: { $0.key < $1.key })
        where member.addresses.count > 1 {
            remark(
                .error, on: "server.\(id)",
                "several addresses need multiAddress.enabled=true on every server")
        }
    }

    private mutating func reviewGroups() {
        let ensemble = configuration.ensemble
        guard !ensemble.groups.isEmpty else { return }
        var groupOfServer: [Int64: Int64] = [:]
        for (group, servers) in ensemble.groups.sorted(by: { $0.key < $1.key }) {
            for server in servers {
                if let other = groupOfServer.updateValue(group, forKey: server) {
                    remark(
                        .error, on: "group.\(group)",
                        "server \(server) is in group \(other) already")
                }
            }
        }
        for (id, member) in ensemble.members.sorted(by: { $0.key < $1.key })
        where member.role == .participant && groupOfServer[id] == nil {
            remark(.error, on: "server.\(id)", "is in no group, and other servers are")
        }
    }

    private mutating func reviewStandalone() {
        let members = configuration.ensemble.members.values
        if members.contains(where: { $0.role == .observer }) {
            let id = members.map(\.id).min() ?? 0
            remark(
                .error, on: "server.\(id)",
                "an observer needs at least two participants to observe")
        }
        if members.contains(where: { $0.role == .participant }) {
            remark(
                .warning, on: "server.\(members.map(\.id).min() ?? 0)",
                "the only server listed: this one runs standalone")
        }
    }

    private mutating func reviewEnsemble() {
        if configuration.ensemble.initLimit == nil {
            remark(.error, on: "initLimit", "is required in an ensemble")
        }
        if configuration.ensemble.syncLimit == nil {
            remark(.error, on: "syncLimit", "is required in an ensemble")
        }
        reviewParticipants()
        reviewLocalSessions()
        guard let id = configuration.myID else {
            return remark(
                .error, on: "dataDir",
                "\(configuration.storage.dataDir)/myid is missing: write this server's number into "
                    + "it, the N of its server.N line")
        }
        guard let member = configuration.ownMember else {
            return remark(.error, on: "server.\(id)", "is missing: myid is \(id)")
        }
        reviewOwn(member)
    }

    private mutating func reviewParticipants() {
        let members = configuration.ensemble.members.values
        let participants = members.filter { $0.role == .participant }
        switch participants.count {
        case 0:
            remark(.error, on: "standaloneEnabled", "an ensemble needs a participant")
        case 1...2:
            remark(
                .warning, on: "server.\(participants.map(\.id).min() ?? 0)",
                "\(participants.count) participants tolerate no failure; 3 tolerate one")
        case let count where count % 2 == 0:
            remark(
                .warning, on: "server.\(members.map(\.id).max() ?? 0)",
                "\(count) participants tolerate no more failures than \(count - 1)")
        default: break
        }
    }

    private mutating func reviewLocalSessions() {
        guard !configuration.clients.areLocalSessionsEnabled else { return }
        if configuration.clients.areLocalSessionsUpgraded {
            remark(
                .warning, on: "localSessionsUpgradingEnabled",
                "has no effect without localSessionsEnabled=true")
        }
        if configuration.ensemble.isReadOnlyModeEnabled {
            remark(
                .warning, on: "readonlymode.enabled",
                "serves nobody without localSessionsEnabled=true: other sessions need a leader")
        }
    }

    /// The line of this server against the keys that say the same for it alone.
    private mutating func reviewOwn(_ member: EnsembleMember) {
        if member.role != configuration.ensemble.givenRole {
            if isGiven("peerType") {
                remark(
                    .warning, on: "peerType",
                    "server.\(member.id) says \(member.role.rawValue), which is what counts")
            }
            change { $0.ensemble.givenRole = member.role }
        }
        guard let client = member.client else { return }
        let clients = configuration.clients
        let differs =
            clients.port != client.port
            || (clients.address != nil && clients.address != client.host)
        if differs && isGiven("clientPort") {
            remark(
                .error, on: "clientPort",
                "server.\(member.id) has the client address \(client); remove one of the two")
        }
        change {
            $0.clients.port = client.port
            if client.host != "0.0.0.0" { $0.clients.address = client.host }
        }
    }
}
