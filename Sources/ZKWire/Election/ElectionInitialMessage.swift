// What the server that opens a connection to an election port says first. The other says nothing:
// if its id is the higher one it closes, and opens a connection of its own.

/// Who connects, and where its own election port is.
package struct ElectionInitialMessage: Equatable, Sendable {
    package enum Version: Int64, CaseIterable, Sendable {
        /// One address (3.5 on, and what Apache sends by default).
        case oneAddress = -65536
        /// All addresses (3.6 on, with multiAddress.enabled).
        case allAddresses = -65535
    }

    /// nil is the form from before 3.5: the id and nothing else.
    package var version: Version?
    package var server: ServerID
    /// Wildcard addresses are among them as they came; connecting back to those is of no use.
    package var addresses: [ElectionAddress]

    package init(version: Version? = .oneAddress, server: ServerID, addresses: [ElectionAddress]) {
        self.version = version
        self.server = server
        self.addresses = addresses
    }

    /// The id of an observer that has none of its own (before 3.5).
    package static let anonymousObserver = ServerID(rawValue: .max)

    /// Of a server that is too new.
    static func unknown(_ version: Int64, offset: Int) -> DecodeError {
        DecodeError(
            .foreign(
                """
                the other server speaks version \(version) of the election protocol; \(known). \
                Bring it to a release that speaks one of these: \
                docs/operating/migrating-from-apache.md#versions
                """), offset: offset)
    }

    /// What this server speaks, for the log.
    package static let known = """
        this server speaks versions \(Version.oneAddress.rawValue) (Apache ZooKeeper 3.5 and \
        later) and \(Version.allAddresses.rawValue) (multiAddress.enabled)
        """

    /// Where the length of the addresses ends.
    static let headSize = 20
}

extension JuteReader {
    package mutating func readElectionInitialMessage() throws(DecodeError)
        -> ElectionInitialMessage
    {
        let first = try readInt64()
        guard first < 0 else {
            return ElectionInitialMessage(
                version: nil, server: ServerID(rawValue: first), addresses: [])
        }
        guard let version = ElectionInitialMessage.Version(rawValue: first) else {
            throw ElectionInitialMessage.unknown(first, offset: offset - 8)
        }
        let server = ServerID(rawValue: try readInt64())
        let start = offset + 4
        var addresses: [ElectionAddress] = []
        for part in try readString().split(separator: "|") {
            guard let address = ElectionAddress(part) else {
                throw DecodeError(
                    .badValue("\"\(part)\" is not the address (host:port) of server \(server)"),
                    offset: start)
            }
            addresses.append(address)
        }
        guard !addresses.isEmpty else {
            throw DecodeError(.badValue("no address of server \(server)"), offset: start)
        }
        return ElectionInitialMessage(version: version, server: server, addresses: addresses)
    }
}

extension ByteWriter {
    package func writeElectionInitialMessage(_ message: ElectionInitialMessage) {
        if let version = message.version { writeInt64(version.rawValue) }
        writeInt64(message.server.rawValue)
        guard message.version != nil else { return }
        writeString(message.addresses.map(\.description).joined(separator: "|"))
    }
}
