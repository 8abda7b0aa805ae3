// Everything an operator can set, as one value: read once from zoo.cfg, validated, and handed to
// whoever needs a part of it. The names and ranges of the keys are in the tables beside this file
// (`ConfigurationKey+....swift`); the defaults are here.

/// The settings of one server.
package struct ServerConfiguration: Equatable, Sendable {
    /// The content of `myid`: this server's number in its ensemble, 1 to 255. Nil for a standalone
    /// server that has none.
    package var myID: Int64?
    /// The unit of session timeouts, and of the ensemble's limits.
    package var tickTime: Duration = .milliseconds(3000)
    package var clients = ClientSettings()
    package var limits = LimitSettings()
    package var storage = StorageSettings()
    package var log = LogSettings()
    package var snapshots = SnapshotSettings()
    package var znodes = ZnodeSettings()
    package var security = SecuritySettings()
    package var ensemble = EnsembleSettings()
    package var admin = AdminSettings()
    package var metrics = MetricsSettings()

    package init() {}

    /// What a server without a configuration file runs with.
    /// - Parameter dataDir: where it keeps its log and snapshots.
    package static func standalone(dataDir: String = "./data") -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.storage.dataDir = dataDir
        return configuration
    }
}

extension ServerConfiguration {
    /// A request for a shorter timeout is raised to this.
    package var minSessionTimeout: Duration { clients.givenMinSessionTimeout ?? tickTime * 2 }
    /// A request for a longer timeout is lowered to this.
    package var maxSessionTimeout: Duration { clients.givenMaxSessionTimeout ?? tickTime * 20 }

    /// Whether the server is one of several (as Apache decides it): with one participant it is
    /// standalone, unless `standaloneEnabled=false`.
    package var isEnsembleMember: Bool {
        let participants = ensemble.members.values.filter { $0.role == .participant }.count
        return participants > 1 || !ensemble.isStandaloneEnabled
    }

    /// The line of `server.N` for this server.
    package var ownMember: EnsembleMember? { myID.flatMap { ensemble.members[$0] } }

    /// Whether a four-letter word may be answered. `isro` always may in read-only mode, because
    /// clients look for a read-write server with it.
    package func allowsFourLetterWord(_ word: String) -> Bool {
        if word == "isro" && ensemble.isReadOnlyModeEnabled { return true }
        return admin.fourLetterWords.contains(word) || admin.fourLetterWords.contains("*")
    }
}
