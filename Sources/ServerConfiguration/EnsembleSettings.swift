// The ensemble as the configuration describes it: who its members are and how long they wait.

/// What a server needs to know of the others.
package struct EnsembleSettings: Equatable, Sendable {
    package var members: [Int64: EnsembleMember] = [:]
    /// The servers of each group of `group.N`.
    package var groups: [Int64: [Int64]] = [:]
    /// Votes of a server; one that is not here has 1.
    package var weights: [Int64: Int64] = [:]
    /// The file that `server.N` lines are in if not in zoo.cfg.
    package var dynamicConfigFile: String?
    /// The version of the membership.
    package var version: Int64?

    /// Ticks for a learner to connect and to synchronize; nil if not set.
    package var initLimit: Int?
    /// Ticks between a request and its acknowledgement; nil if not set.
    package var syncLimit: Int?
    package var givenConnectLimit: Int?
    package var givenRole: EnsembleMember.Role = .participant
    package var isStandaloneEnabled = true
    package var isReconfigEnabled = false
    package var isReadOnlyModeEnabled = false
    package var leaderServesClients = true
    package var listensOnAllAddresses = false
    package var isTCPKeepAliveOn = false
    package var areMultipleAddressesEnabled = false
    package var reachabilityTimeout: Duration = .milliseconds(1000)
    package var isReachabilityChecked = true
    package var electionConnectTimeout: Duration = .milliseconds(5000)
    package var electionReadTimeout: Duration?
    /// A damaged member gets from the others what it lacks, in the place of a refused start.
    package var isRepairEnabled = true
    /// Tries to bind the election port; 0 is without end.
    package var electionBindRetries = 3
    package var minNotificationInterval: Duration = .milliseconds(200)
    package var maxNotificationInterval: Duration = .milliseconds(60000)
    package var observerElectionDelay: Duration = .milliseconds(200)
    package var observerReconnectDelay: Duration = .zero
    package var isObserverLogSynced = true
    package var observerMasterPort: Int?
    /// Transactions that the leader keeps in memory for learners that lag a little.
    package var commitLogCount = 500
    /// A learner is sent log rather than a snapshot while the log is smaller than this part of one.
    package var snapshotSizeFactor = 0.33
    package var maxConcurrentSnapSyncs = 10
    package var maxConcurrentDiffSyncs = 100
    package var maxTimeToWaitForEpoch: Duration?

    package var connectLimit: Int? { givenConnectLimit ?? initLimit }
}
