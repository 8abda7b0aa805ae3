// One `server.N` line: host:quorumPort:electionPort[:role][;[host:]clientPort][;secure client],
// where several addresses of the server stand between `|`. IPv6 hosts are in brackets.

/// A host and a port.
package struct HostAndPort: Hashable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { bracketed(host) + ":\(port)" }
}

/// A member of the ensemble.
package struct EnsembleMember: Equatable, Sendable {
    package enum Role: String, Equatable, Sendable {
        case participant
        case observer
    }

    /// One of a server's addresses among its peers.
    package struct Address: Hashable, Sendable {
        package var host: String
        /// Where a leader listens for learners.
        package var quorumPort: Int
        package var electionPort: Int

        package init(host: String, quorumPort: Int, electionPort: Int) {
            self.host = host
            self.quorumPort = quorumPort
            self.electionPort = electionPort
        }
    }

    package var id: Int64
    /// At least one.
    package var addresses: [Address]
    package var role: Role
    package var client: HostAndPort?
    package var secureClient: HostAndPort?

    package init(
        id: Int64, addresses: [Address], role: Role = .participant, client: HostAndPort? = nil,
        secureClient: HostAndPort? = nil
    ) {
        self.id = id
        self.addresses = addresses
        self.role = role
        self.client = client
        self.secureClient = secureClient
    }
}

extension EnsembleMember: CustomStringConvertible {
    /// The value of the line, as Apache writes it: /zookeeper/config is made of these.
    package var description: String {
        let peers = addresses.map { address in
            bracketed(address.host) + ":\(address.quorumPort):\(address.electionPort)"
        }
        var text = peers.joined(separator: "|") + ":\(role)"
        if client != nil || secureClient != nil { text += ";" }
        if let client { text += client.description }
        if let secureClient { text += ";" + secureClient.description }
        return text
    }
}

extension EnsembleMember {
    package static let form =
        "host:quorumPort:electionPort[:participant|:observer][;[host:]clientPort]"

    /// Reads the value of `server.<id>`.
    package init(id: Int64, _ text: String) throws(BadValue) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { trimmed($0) }
        guard parts.count <= 3 else { throw BadValue(Self.form) }
        var addresses: [Address] = []
        var roles: Set<Role> = []
        for peer in parts[0].split(separator: "|", omittingEmptySubsequences: false) {
            let (address, role) = try Self.peer(trimmed(peer))
            addresses.append(address)
            if let role { roles.insert(role) }
        }
        // Apache writes it once, behind the last address.
        guard roles.count <= 1 else { throw BadValue("one role for all addresses of the server") }
        self.init(
            id: id, addresses: addresses, role: roles.first ?? .participant,
            client: try Self.client(parts.count > 1 ? parts[1] : ""),
            secureClient: try Self.client(parts.count > 2 ? parts[2] : ""))
    }

    private static func peer(_ text: String) throws(BadValue) -> (Address, Role?) {
        guard let fields = hostAndFields(text), 3...4 ~= fields.count, !fields[0].isEmpty,
            let quorumPort = port(fields[1]), let electionPort = port(fields[2])
        else { throw BadValue(form) }
        guard quorumPort != electionPort else {
            throw BadValue("a quorum port and an election port that differ")
        }
        var role: Role?
        if fields.count == 4 {
            guard let given = Role(rawValue: trimmed(fields[3]).lowercased()) else {
                throw BadValue("the role participant or observer")
            }
            role = given
        }
        return (
            Address(host: fields[0], quorumPort: quorumPort, electionPort: electionPort), role
        )
    }

    private static func client(_ text: String) throws(BadValue) -> HostAndPort? {
        guard !text.isEmpty else { return nil }
        guard let fields = hostAndFields(text), 1...2 ~= fields.count,
            let port = port(fields[fields.count - 1])
        else { throw BadValue(form) }
        return HostAndPort(host: fields.count == 2 ? fields[0] : "0.0.0.0", port: port)
    }

    private static func port(_ text: String) -> Int? { ValueSyntax<Int>.port.parse(trimmed(text)) }
}

/// `text` split at its colons, those within the brackets of a leading IPv6 address excepted.
private func hostAndFields(_ text: String) -> [String]? {
    guard text.hasPrefix("[") else {
        return text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    }
    guard let close = text.firstIndex(of: "]") else { return nil }
    let host = String(text[text.index(after: text.startIndex)..<close])
    let rest = text[text.index(after: close)...]
    guard rest.hasPrefix(":"), host.contains(":") else { return nil }
    let fields = rest.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
    return [host] + fields.map(String.init)
}

private func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
