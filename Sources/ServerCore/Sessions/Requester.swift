import ZKWire

/// Who asks for something, as access checks see it.
enum Requester {
    /// The server itself, which may do everything.
    case server
    case client(Connection)
    /// A client of the learner that sent this; valid for the call.
    case forwarded(IdentityList?)

    /// Whether every check is passed.
    var isSuper: Bool {
        switch self {
        case .server: true
        case .client(let connection): connection.isSuper
        case .forwarded: identities.contains { $0.scheme == "super" }
        }
    }

    var identities: [Identity] {
        switch self {
        case .server: []
        case .client(let connection): connection.identities
        // The list was read once when the packet was decoded.
        case .forwarded(let list): (try? list?.identities()) ?? []
        }
    }
}
