import ZKWire

/// What a server is at present.
package enum Role: Equatable, Sendable {
    /// Nobody leads as far as this server knows; it serves nothing.
    case looking
    /// - Parameter isEstablished: a quorum has the leader's history: it proposes and serves.
    case leading(Epoch, isEstablished: Bool)
    /// - Parameter isSynced: it has the leader's history and serves.
    case following(ServerID, isSynced: Bool)
    case observing(ServerID, isSynced: Bool)

    /// Whether clients are served.
    package var isServing: Bool {
        switch self {
        case .looking: false
        case .leading(_, let isEstablished): isEstablished
        case .following(_, let isSynced), .observing(_, let isSynced): isSynced
        }
    }

    /// Whether this server assigns the zxids.
    package var isEstablishedLeader: Bool {
        if case .leading(_, isEstablished: true) = self { true } else { false }
    }
}
