import ServerConfiguration
import ServerCore
import Storage
import Zab

extension FourLetterWords {
    /// The words of a server with this configuration.
    init(_ server: ServerConfiguration, startedAt: Instant) {
        let dataDir = server.storage.dataDir
        let logDir = server.storage.dataLogDir
        self.init(
            facts: ServerFacts(
                configuration: "", startedAt: startedAt,
                directorySizes: {
                    (DirectorySize.bytes(dataDir + "/zknode/snapshot"),
                        DirectorySize.bytes(logDir + "/zknode/log"))
                }),
            whitelist: Set(server.admin.fourLetterWords))
        facts.configuration = conf(server)
    }

    /// The answer to `conf`.
    private func conf(_ server: ServerConfiguration) -> String {
        let sizes = facts.directorySizes()
        return """
            clientPort=\(server.clients.port)
            secureClientPort=-1
            dataDir=\(server.storage.dataDir)
            dataDirSize=\(sizes.data)
            dataLogDir=\(server.storage.dataLogDir)
            dataLogSize=\(sizes.log)
            tickTime=\(server.tickTime.wholeMilliseconds)
            maxClientCnxns=\(server.limits.maxConnectionsPerAddress)
            minSessionTimeout=\(server.minSessionTimeout.wholeMilliseconds)
            maxSessionTimeout=\(server.maxSessionTimeout.wholeMilliseconds)
            clientPortListenBacklog=\(server.clients.listenBacklog ?? -1)
            serverId=\(server.myID ?? 0)

            """
    }
}

/// What a directory's files take.
enum DirectorySize {
    static func bytes(_ path: String) -> Int64 {
        let disk = PosixDisk()
        guard let names = try? disk.list(path) else { return 0 }
        return names.reduce(0) { total, name in
            guard let file = try? disk.openForReading(path + "/" + name) else { return total }
            defer { file.close() }
            return total + ((try? file.sizeBytes()) ?? 0)
        }
    }
}
