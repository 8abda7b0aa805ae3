import ZKWire

/// What is to be done when the tree has everything up to some zxid. Short: clients that come back
/// and `sync`s, between a leader's word and this server's disk.
struct AppliedQueue {
    enum Action {
        /// The answer to the connect request that this connection's client waits for.
        case handshake(ConnectionID)
        /// The `sync` of that number and the earlier ones of this connection.
        case sync(ConnectionID, UInt64)
        /// What an earlier leader has not done is asked for anew.
        case resubmission
        /// At a leader: the answer to a learner that a client with this session has come to.
        case revalidation(ServerID, SessionID)
    }

    private var entries: [(after: Zxid, action: Action)] = []

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ action: Action, after zxid: Zxid) { entries.append((zxid, action)) }

    /// What is due when everything up to `zxid` is applied, in the order in which it was added.
    mutating func takeDue(_ zxid: Zxid) -> [Action] {
        let due = entries.filter { $0.after <= zxid }.map(\.action)
        if !due.isEmpty { entries.removeAll { $0.after <= zxid } }
        return due
    }

    /// Another leader: everything but confirmed `sync`s is asked for again.
    mutating func forgetAsked() {
        entries.removeAll { if case .sync = $0.action { false } else { true } }
    }
}
