import Testing
import ZKWire

/// Packets of Apache ZooKeeper 3.8.0: what they mean, and that we would send the same bytes.
struct QuorumGoldenTests {
    private static let leader = ""

    private static let learner = ""

    @Test("Each packet of Apache's leader is read, and written again byte for byte")
    func leaderPackets() throws {
        var lines: [String] = []
        for name in try Fixture.names("quorum", "leader-") {
            let bytes = try Fixture.bytes(name)
            try withPacket(bytes) { packet in
                let message = try LeaderMessage(packet)
                lines.append(try name.dropFirst("quorum/".count) + " = " + describe(message))
                #expect(encoded { $0.writeMessage(message) } == bytes, "\(name)")
                #expect(encoded { $0.writeQuorumPacket(packet) } == bytes, "\(name)")
                guard packet.type != .ping, packet.type != .revalidate else { return }
                #expect(throws: DecodeError.self) { _ = try LearnerMessage(packet) }
            }
        }
        #expect(lines.joined(separator: "\n") == Self.leader)
    }

    @Test("Each packet of Apache's learners is read, and written again byte for byte")
    func learnerPackets() throws {
        var lines: [String] = []
        for name in try Fixture.names("quorum", "learner-") {
            let bytes = try Fixture.bytes(name)
            try withPacket(bytes) { packet in
                let message = try LearnerMessage(packet)
                lines.append(try name.dropFirst("quorum/".count) + " = " + describe(message))
                #expect(encoded { $0.writeMessage(message) } == bytes, "\(name)")
                #expect(encoded { $0.writeQuorumPacket(packet) } == bytes, "\(name)")
                guard packet.type != .ping, packet.type != .revalidate else { return }
                #expect(throws: DecodeError.self) { _ = try LeaderMessage(packet) }
            }
        }
        #expect(lines.joined(separator: "\n") == Self.learner)
    }

    @Test("The fixtures have every packet type")
    func allTypes() throws {
        var seen: Set<Int32> = []
        let names = try Fixture.names("quorum", "leader-") + Fixture.names("quorum", "learner-")
        for name in names {
            try withPacket(Fixture.bytes(name)) { _ = seen.insert($0.rawType) }
        }
        #expect(seen == Set(QuorumPacketType.allCases.map(\.rawValue)))
    }

    @Test("The membership in NEWLEADER is read and written again byte for byte")
    func membership() throws {
        try withPacket(Fixture.bytes("quorum/leader-newleader")) { packet in
            let text = try #require(packet.data)
            let membership = try MembershipText(text)
            #expect(membership.description == text.text)
            #expect(membership.servers.last?.id == ServerID(rawValue: 4))
            #expect(membership.servers.last?.value == "127.0.0.1:24104:24114:observer")
        }
    }

    @Test("A reconfiguration carries the same transaction to followers and to observers")
    func reconfiguration() throws {
        let proposal = try withPacket(Fixture.bytes("quorum/leader-proposal-reconfig")) {
            [UInt8](try #require($0.data))
        }
        try withPacket(Fixture.bytes("quorum/leader-informandactivate")) { packet in
            guard case .informAndActivate(_, _, let payload) = try LeaderMessage(packet) else {
                Issue.record("not INFORMANDACTIVATE")
                return
            }
            #expect([UInt8](payload) == proposal)
        }
    }
}
