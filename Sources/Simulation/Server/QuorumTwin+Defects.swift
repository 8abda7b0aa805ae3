import Resync
import ZKWire

// Defects on purpose, of what the shell does around the quorum port (`KnownDefects`).
extension QuorumTwin {
    /// ZOOKEEPER-2201: whoever sends a snapshot holds what the log's thread needs.
    func holdsLog(_ result: Result<SyncPlan?, any Error>) -> Bool {
        guard life.defects.contains(.zookeeper2201), case .success(.snapshot?) = result else {
            return false
        }
        return true
    }

    /// With ZOOKEEPER-4882: the learner's part ends, as its log could not be written.
    func leaveLeader() {
        for id in links.keys.sorted() where links[id]?.isToLeader == true { breakOff(id) }
    }
}
