import ServerConfiguration
import ServerCore
import ZKWire
import Zab

extension FourLetterWords {
    /// The words of a server with this configuration.
    init(_ server: ServerConfiguration, startedAt: Instant) {
        let words = Set(server.admin.fourLetterWords)
        self.init(
            facts: ServerFacts(
                startedAt: startedAt,
                membership: server.isEnsembleMember ? Membership(server.ensemble) : nil
            ) { FourLetterWords.conf(server, $0) + FourLetterWords.ensembleConf(server, $1) },
            whitelist: server.ensemble.isReadOnlyModeEnabled ? words.union(["isro"]) : words)
    }

    /// The answer to `conf`.
    private static func conf(_ server: ServerConfiguration, _ sizes: DirectorySizes) -> String {
        """
        clientPort=\(server.clients.port)
        secureClientPort=-1
        dataDir=\(server.storage.dataDir)
        dataDirSize=\(sizes.dataBytes)
        dataLogDir=\(server.storage.dataLogDir)
        dataLogSize=\(sizes.logBytes)
        tickTime=\(server.tickTime.wholeMilliseconds)
        maxClientCnxns=\(server.limits.maxConnectionsPerAddress)
        minSessionTimeout=\(server.minSessionTimeout.wholeMilliseconds)
        maxSessionTimeout=\(server.maxSessionTimeout.wholeMilliseconds)
        clientPortListenBacklog=\(server.clients.listenBacklog ?? -1)
        serverId=\(server.myID ?? 0)

        """
    }

    /// What a member of an ensemble has besides.
    private static func ensembleConf(_ server: ServerConfiguration, _ mode: ServerMode) -> String {
        guard server.isEnsembleMember, let own = server.ownMember else { return "" }
        func ports(_ port: (EnsembleMember.Address) -> Int) -> String {
            own.addresses.map { "\(port($0))" }.joined(separator: "|")
        }
        let text = """
            initLimit=\(server.ensemble.initLimit ?? 0)
            syncLimit=\(server.ensemble.syncLimit ?? 0)
            electionAlg=3
            electionPort=\(ports(\.electionPort))
            quorumPort=\(ports(\.quorumPort))
            peerType=\(own.role == .observer ? 1 : 0)

            """
        guard mode != .readOnly else { return text }
        return text + "membership: \n\(MembershipText(server.ensemble))"
    }
}
