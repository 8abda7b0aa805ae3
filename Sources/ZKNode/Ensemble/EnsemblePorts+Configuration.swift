import Logging
import NIOCore
import Recovery
import Resync
import ServerConfiguration
import ServerCore
import Storage
import ZKWire
import Zab

// The ensemble of zoo.cfg, as the protocol and the ports want it.

extension ZabConfiguration {
    /// A standalone server is the only member of its ensemble.
    package init(_ server: ServerConfiguration) {
        let own = ServerID(rawValue: server.myID ?? 0)
        guard server.isEnsembleMember else {
            self.init(serverID: own, membership: Membership([own]))
            tick = server.tickTime
            return
        }
        let ensemble = server.ensemble
        self.init(serverID: own, membership: Membership(ensemble))
        tick = server.tickTime
        initLimit = ensemble.initLimit ?? initLimit
        syncLimit = ensemble.syncLimit ?? syncLimit
        minNotificationInterval = ensemble.minNotificationInterval
        maxNotificationInterval = ensemble.maxNotificationInterval
        observerElectionDelay = ensemble.observerElectionDelay
        maxConcurrentSnapSyncs = ensemble.maxConcurrentSnapSyncs
        maxConcurrentDiffSyncs = ensemble.maxConcurrentDiffSyncs
        membershipText = Array(MembershipText(ensemble).description.utf8)
    }
}

extension Membership {
    init(_ ensemble: EnsembleSettings) {
        var groupOfServer: [Int64: Int64] = [:]
        for (group, servers) in ensemble.groups {
            for server in servers { groupOfServer[server] = group }
        }
        var voters: [ServerID: Voter] = [:]
        var observers: Set<ServerID> = []
        for (id, member) in ensemble.members {
            switch member.role {
            case .observer: observers.insert(ServerID(rawValue: id))
            case .participant:
                voters[ServerID(rawValue: id)] = Voter(
                    // Without groups all votes are equal, as in Apache.
                    weight: ensemble.groups.isEmpty ? 1 : ensemble.weights[id] ?? 1,
                    group: groupOfServer[id] ?? 0)
            }
        }
        self.init(voters: voters, observers: observers)
    }
}

extension MembershipText {
    /// The text that all members of Apache's and ours exchange.
    package init(_ ensemble: EnsembleSettings) {
        let groups = ensemble.groups.sorted { $0.key < $1.key }
        let weights = groups.isEmpty ? [:] : ensemble.weights
        self.init(
            servers: ensemble.members.sorted { $0.key < $1.key }.map {
                Server(id: ServerID(rawValue: $0.key), value: $0.value.description)
            },
            groups: groups.map { group in
                Group(id: group.key, servers: group.value.map(ServerID.init(rawValue:)))
            },
            weights: weights.sorted { $0.key < $1.key }.map {
                Weight(server: ServerID(rawValue: $0.key), votes: $0.value)
            },
            version: ConfigurationVersion(rawValue: ensemble.version ?? 0))
    }
}

extension ElectionPortSettings {
    init(_ server: ServerConfiguration, _ own: EnsembleMember) {
        let ensemble = server.ensemble
        self.init(
            own: ServerID(rawValue: own.id), ownAddresses: own.electionAddresses,
            // Observers do not ask each other.
            peers: ensemble.others(than: own) { member in
                own.role == .observer && member.role == .observer ? nil : member.electionAddresses
            })
        membershipText = Array(MembershipText(ensemble).description.utf8)
        sendsAllAddresses = ensemble.areMultipleAddressesEnabled
        listensOnAllAddresses = ensemble.listensOnAllAddresses
        bindAttempts = ensemble.electionBindRetries
        isKeepAliveOn = ensemble.isTCPKeepAliveOn
        connectTimeout = ensemble.electionConnectTimeout.timeAmount
    }
}

extension QuorumPortSettings {
    /// An attempt to reach a leader that goes on for longer is one to reach a leader that is none.
    private static let longestConnectLimit = Duration.seconds(5)

    init(_ server: ServerConfiguration, _ own: EnsembleMember, maximumTxnBytes: Int) {
        let ensemble = server.ensemble
        let limit = server.tickTime * (ensemble.connectLimit ?? 5)
        self.init(
            ownAddresses: own.quorumAddresses,
            peers: ensemble.others(than: own) { $0.quorumAddresses },
            listensOnAllAddresses: ensemble.listensOnAllAddresses,
            bindAttempts: ensemble.electionBindRetries,
            connectLimit: min(limit, QuorumPortSettings.longestConnectLimit).timeAmount,
            limits: QuorumPacketLimits(
                dataBytes: max(maximumTxnBytes, QuorumPacketLimits().dataBytes)))
    }
}

extension EnsembleSettings {
    fileprivate func others(
        than own: EnsembleMember, _ addresses: (EnsembleMember) -> [HostAndPort]?
    ) -> [ServerID: [HostAndPort]] {
        var others: [ServerID: [HostAndPort]] = [:]
        for (id, member) in members where id != own.id {
            others[ServerID(rawValue: id)] = addresses(member)
        }
        return others
    }
}

extension EnsembleMember {
    var electionAddresses: [HostAndPort] {
        addresses.map { HostAndPort(host: $0.host, port: $0.electionPort) }
    }

    var quorumAddresses: [HostAndPort] {
        addresses.map { HostAndPort(host: $0.host, port: $0.quorumPort) }
    }
}

extension EnsemblePorts {
    /// - Returns: nil for a standalone server.
    convenience init?(
        _ server: ServerConfiguration, _ state: RecoveredState<PosixDisk>,
        _ eventLoop: any EventLoop, maximumTxnBytes: Int, _ logger: Logger
    ) {
        guard server.isEnsembleMember, let own = server.ownMember else { return nil }
        self.init(
            election: ElectionPort(ElectionPortSettings(server, own), eventLoop, logger),
            quorum: QuorumPort(
                QuorumPortSettings(server, own, maximumTxnBytes: maximumTxnBytes), eventLoop,
                logger),
            streams: SyncStreams(
                log: state.log.reader, store: state.snapshots, origin: state.snapshotOrigin,
                stallLimit: (server.tickTime * (server.ensemble.initLimit ?? 10)).timeAmount),
            repair: RepairService(
                ServerID(rawValue: own.id),
                DataDirectory(server.storage.dataDir, dataLog: server.storage.givenDataLogDir)),
            MembershipText(server.ensemble))
        describe(in: state.tree)
    }
}
