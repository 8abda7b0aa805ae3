import ServerCore
import Zab

/// What a server says that it is (`srvr`, `mntr`).
package enum ServerMode: String, Equatable, Sendable {
    case standalone
    case leader
    case follower
    case observer
    /// It looks for a leader, and serves reads to clients that accept this.
    case readOnly = "read-only"
    /// It looks for a leader or is being synchronized: clients are not served.
    case notServing = "not serving"

    package init(_ core: ServerCore, isMember: Bool) {
        switch core.role {
        case .looking: self = core.isReadOnly ? .readOnly : .notServing
        case .leading(_, let isEstablished):
            self = !isMember ? .standalone : isEstablished ? .leader : .notServing
        case .following(_, let isSynced): self = isSynced ? .follower : .notServing
        case .observing(_, let isSynced): self = isSynced ? .observer : .notServing
        }
    }
}
