import ZKWire
import Zab

/// One server of a simulated ensemble: its process, if it runs, and its disk.
final class SimulatedServer {
    let id: ServerID
    var configuration: ZabConfiguration
    var store = SimulatedStore()
    /// nil while it is down.
    var peer: Peer?
    /// Counts its processes: what was planned for an earlier one is void.
    var generation = 0
    var jobs: [StorageJob] = []
    var isDiskBusy = false
    /// What the tree has, from the beginning of time.
    var tree: [Record] = []
    /// How much of the tree has been compared with what is known to be committed.
    var comparedCount = 0
    var connections: [LinkID: Connection] = [:]
    var effects = ZabEffects()
    var lastLink: UInt64 = 0
    var search: ServerID?
    /// Tokens asked for, and how much had been committed anywhere by then.
    var questions: [UInt64: Int] = [:]
    var isDiskSlow = false

    init(_ configuration: ZabConfiguration) {
        id = configuration.serverID
        self.configuration = configuration
    }

    var isUp: Bool { peer != nil }

    func nextLink() -> LinkID {
        lastLink += 1
        return LinkID(rawValue: lastLink)
    }
}
