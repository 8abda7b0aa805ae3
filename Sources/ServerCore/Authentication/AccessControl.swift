import DataTree
import ZKWire

/// Who may do what: the checks of ACLs and the making of new ones
/// (Apache `ZooKeeperServer.checkACL`, `PrepRequestProcessor.fixupACL`).
struct AccessControl {
    let isSkipped: Bool
    let isDigestEnabled: Bool

    init(_ configuration: CoreConfiguration) {
        isSkipped = configuration.skipACL
        isDigestEnabled = configuration.digestEnabled
    }

    /// Whether `connection` has any of `permissions` under the tree's list `id`.
    @inline(__always)
    func permits(
        _ permissions: Permissions, _ id: ACLID, _ tree: DataTree, _ connection: Connection
    ) -> Bool {
        if tree.isOpen(id, permissions) || isSkipped { return true }
        return permits(permissions, tree.entries(of: id), .client(connection))
    }

    @inline(__always)
    func permits(
        _ permissions: Permissions, _ id: ACLID, _ tree: DataTree, _ requester: Requester
    ) -> Bool {
        if tree.isOpen(id, permissions) || isSkipped { return true }
        return permits(permissions, tree.entries(of: id), requester)
    }

    func permits(
        _ permissions: Permissions, _ entries: [ACLEntry], _ requester: Requester
    ) -> Bool {
        guard !isSkipped, !entries.isEmpty, !requester.isSuper else { return true }
        let identities = requester.identities
        return entries.contains { entry in
            !entry.permissions.isDisjoint(with: permissions)
                && matches(entry.identity, identities)
        }
    }

    private func matches(_ identity: Identity, _ identities: [Identity]) -> Bool {
        switch identity.scheme {
        case "world": identity.id == "anyone"
        case "digest": isDigestEnabled && identities.contains(identity)
        case "ip":
            identities.contains {
                $0.scheme == "ip" && IPScheme.matches(address: $0.id, expression: identity.id)
            }
        default: false
        }
    }

    /// A request's list as it is stored: without duplicates, `auth` replaced by who the client is.
    /// - Throws: `invalidACL` where it is empty, names an unknown scheme, an id that the scheme does
    ///   not accept, or `auth` from a client that has authenticated as nobody.
    func resolved(
        _ requested: [ACLEntry], _ requester: Requester
    ) throws(ErrorCode) -> [ACLEntry] {
        var resolved: [ACLEntry] = []
        var seen: Set<ACLEntry> = []
        for entry in requested where seen.insert(entry).inserted {
            switch entry.identity.scheme {
            case "world":
                guard entry.identity.id == "anyone" else { throw .invalidACL }
                resolved.append(entry)
            case "auth":
                resolved += try expanded(entry.permissions, requester)
            case "digest":
                guard isDigestEnabled, DigestScheme.isValid(id: entry.identity.id) else {
                    throw .invalidACL
                }
                resolved.append(entry)
            case "ip":
                guard IPScheme.isValid(id: entry.identity.id) else { throw .invalidACL }
                resolved.append(entry)
            default: throw .invalidACL
            }
        }
        guard !resolved.isEmpty else { throw .invalidACL }
        return resolved
    }

    /// `auth` stands for every identity that the client has proved; its address proves nothing.
    private func expanded(
        _ permissions: Permissions, _ requester: Requester
    ) throws(ErrorCode) -> [ACLEntry] {
        let proved = requester.identities.filter { $0.scheme == "digest" }
        guard !proved.isEmpty else { throw .invalidACL }
        return proved.map { ACLEntry(permissions: permissions, identity: $0) }
    }
}
