import ServerConfiguration
import ServerCore
import Zab

extension FourLetterWords {
    /// The words of a server with this configuration.
    init(_ server: ServerConfiguration, startedAt: Instant) {
        let words = Set(server.admin.fourLetterWords)
        self.init(
            facts: ServerFacts(startedAt: startedAt) { FourLetterWords.conf(server, $0) },
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
}
