// The membership of the ensemble as text: the data of NEWLEADER and of election notifications, and
// the content of /zookeeper/config (Apache `QuorumMaj.toString`, `QuorumHierarchical.toString`).
//
//     server.1=10.0.0.1:2888:3888:participant;0.0.0.0:2181
//     group.1=1:2:3
//     weight.1=1
//     version=100000000
//
// What stands behind `server.N=` is not looked into here: the reader of zoo.cfg has its grammar.

package struct MembershipText: Equatable, Sendable {
    package struct Server: Equatable, Sendable {
        package var id: ServerID
        /// As in zoo.cfg: addresses, role and client address.
        package var value: String

        package init(id: ServerID, value: String) {
            self.id = id
            self.value = value
        }
    }

    /// Servers that form a group of a hierarchical quorum.
    package struct Group: Equatable, Sendable {
        package var id: Int64
        package var servers: [ServerID]

        package init(id: Int64, servers: [ServerID]) {
            self.id = id
            self.servers = servers
        }
    }

    /// The votes of a server in its group.
    package struct Weight: Equatable, Sendable {
        package var server: ServerID
        package var votes: Int64

        package init(server: ServerID, votes: Int64) {
            self.server = server
            self.votes = votes
        }
    }

    /// In the order of the text. Apache's is that of a hash table: ascending while the highest id
    /// is below 16, and of no meaning.
    package var servers: [Server]
    package var groups: [Group]
    package var weights: [Weight]
    package var version: ConfigurationVersion

    package init(
        servers: [Server], groups: [Group] = [], weights: [Weight] = [],
        version: ConfigurationVersion
    ) {
        self.servers = servers
        self.groups = groups
        self.weights = weights
        self.version = version
    }
}

extension MembershipText: CustomStringConvertible {
    /// The text, which ends without a line feed.
    package var description: String {
        var text = ""
        for server in servers { text += "server.\(server.id)=\(server.value)\n" }
        for group in groups {
            let servers = group.servers.map(\.description).joined(separator: ":")
            text += "group.\(group.id)=\(servers)\n"
        }
        for weight in weights { text += "weight.\(weight.server)=\(weight.votes)\n" }
        return text + "version=\(version.hex)"
    }
}

extension MembershipText {
    /// Reads the text. A missing version is 0, as it is to Apache.
    package init(_ text: ByteView) throws(DecodeError) {
        self.init(servers: [], version: ConfigurationVersion(rawValue: 0))
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            try addLine(text[view: start..<end].text, at: start)
            start = end + 1
        }
    }

    private mutating func addLine(_ raw: String, at offset: Int) throws(DecodeError) {
        let line = raw.hasSuffix("\r") ? String(raw.dropLast()) : raw
        guard !line.isEmpty, !line.hasPrefix("#") else { return }
        guard let separator = line.firstIndex(of: "="),
            add(line[..<separator], String(line[line.index(after: separator)...]))
        else {
            throw DecodeError(
                .badValue("\"\(line)\" is no line of an ensemble's membership"), offset: offset)
        }
    }

    private mutating func add(_ key: Substring, _ value: String) -> Bool {
        if key == "version" {
            guard let version = Int64(value, radix: 16) else { return false }
            self.version = ConfigurationVersion(rawValue: version)
            return true
        }
        guard let dot = key.firstIndex(of: "."), let id = Int64(key[key.index(after: dot)...])
        else { return false }
        switch key[..<dot] {
        case "server": servers.append(Server(id: ServerID(rawValue: id), value: value))
        case "group":
            let members = value.split(separator: ":", omittingEmptySubsequences: false)
            let ids = members.compactMap { Int64($0) }
            guard ids.count == members.count else { return false }
            groups.append(Group(id: id, servers: ids.map(ServerID.init(rawValue:))))
        case "weight":
            guard let votes = Int64(value) else { return false }
            weights.append(Weight(server: ServerID(rawValue: id), votes: votes))
        default: return false
        }
        return true
    }
}
