import ServerConfiguration
import ServerCore
import ZKWire
import Zab

extension CoreConfiguration {
    /// The core's part of the server's configuration.
    package init(_ server: ServerConfiguration) throws(ServerFailure) {
        self.init()
        var random = SystemRandomNumberGenerator()
        hashSeed = random.next()
        serverID = ServerID(rawValue: server.myID ?? 0)
        tick = server.tickTime
        minimumSessionTimeoutMilliseconds = Int32(clamping: server.minSessionTimeout.wholeMilliseconds)
        maximumSessionTimeoutMilliseconds = Int32(clamping: server.maxSessionTimeout.wholeMilliseconds)
        sessionlessTimeout = server.clients.sessionlessTimeout
        if server.isEnsembleMember {
            areSessionsLocal = server.clients.areLocalSessionsEnabled
            areLocalSessionsUpgraded = server.clients.areLocalSessionsUpgraded
            leaderServesClients = server.ensemble.leaderServesClients
            if server.ensemble.isReadOnlyModeEnabled {
                // As Apache waits.
                readOnlyGrace = max(.seconds(2), server.tickTime)
            }
        }
        maximumRequestBytes = server.limits.maxPacketBytes
        extraTxnBytes = server.limits.givenExtraPacketBytes ?? 0
        maximumOutstanding = server.limits.maxOutstandingRequests
        largeRequestBytes = server.limits.largeRequestThresholdBytes ?? .max
        maximumLargeBytes = server.limits.maxLargeRequestBytes
        maximumOutputBytes = server.limits.maxOutputBytes
        enforceQuota = server.limits.isQuotaEnforced
        extendedTypesEnabled = server.znodes.areTTLsEnabled
        reapInterval = server.znodes.containerCheckInterval
        reapMaximumPerMinute = server.znodes.maxContainersPerMinute
        reapNeverUsedMilliseconds = server.znodes.containerNeverUsedInterval?.wholeMilliseconds ?? 0
        snapshotTxnCount = server.snapshots.transactionCount
        snapshotTxnBytes = server.snapshots.maxLogBytes ?? .max
        isTreeDigestEnabled = server.storage.isDigestEnabled
        skipACL = server.security.isACLSkipped
        superDigest = server.security.superDigest
        digestEnabled = server.security.isDigestSchemeEnabled
        enforcedAuthSchemes =
            server.security.isAuthenticationEnforced ? server.security.enforcedSchemes : []
        let name = server.security.digestAlgorithm.rawValue
        guard let algorithm = DigestAlgorithm(rawValue: name) else {
            let known = DigestAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServerFailure(
                .badConfiguration,
                "DigestAuthenticationProvider.digestAlg=\(name) is not supported; use \(known)")
        }
        digestAlgorithm = algorithm
    }
}
