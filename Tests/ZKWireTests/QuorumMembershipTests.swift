import Testing
import ZKWire

/// The text of the membership.
struct QuorumMembershipTests {
    private func parse(_ text: String) throws(DecodeError) -> MembershipText {
        try Array(text.utf8).withByteView { (view) throws(DecodeError) in
            try MembershipText(view)
        }
    }

    @Test("Groups and weights are read and written again byte for byte")
    func hierarchy() throws {
        let text = """
            server.1=10.0.0.1:2888:3888:participant;0.0.0.0:2181
            server.12=[fe80::1]:2888:3888|zk:2888:3888:observer;[::]:2181
            group.1=1:12
            weight.1=1
            weight.12=0
            version=100000a00
            """
        let membership = try parse(text)
        #expect(membership.description == text)
        #expect(membership.servers.map(\.id.rawValue) == [1, 12])
        #expect(membership.groups == [.init(id: 1, servers: [1, 12].map(ServerID.init))])
        #expect(membership.weights.map(\.votes) == [1, 0])
        #expect(membership.version == ConfigurationVersion(rawValue: 0x1_0000_0a00))
    }

    @Test("Empty lines, comments and the line ends of Windows are passed over")
    func lenience() throws {
        let membership = try parse("\r\n#a comment\r\nserver.3=x:1:2\r\n\nversion=ff\r\n")
        #expect(membership.servers == [.init(id: ServerID(rawValue: 3), value: "x:1:2")])
        #expect(membership.version.rawValue == 255)
        try #expect(parse("").version.rawValue == 0)
    }

    @Test(
        "A line that is none of a membership is refused, with its place",
        arguments: [
            "server.=x", "server.1", "server.x=a", "weight.1=a", "group.1=1:", "version=x",
            "dataDir=/tmp", "host.1=a",
        ])
    func badLines(_ line: String) {
        #expect(
            throws: DecodeError(
                .badValue("\"\(line)\" is no line of an ensemble's membership"), offset: 10)
        ) {
            _ = try parse("version=1\n" + line)
        }
    }
}
