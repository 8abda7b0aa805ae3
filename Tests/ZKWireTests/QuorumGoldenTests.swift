import Testing
import ZKWire

/// Packets of Apache ZooKeeper 3.8.0: what they mean, and that we would send the same bytes.
struct QuorumGoldenTests {
    private static let leader = """
        leader-commit = commit 0x100000001
        leader-commitandactivate = commitAndActivate 0x100000018 leader 2
        leader-diff = diff 0x100000012
        leader-diff-zero = diff 0x0
        leader-inform = inform 0x100000002: create of 0x10000bccf420000 cxid 1 at 0x100000002 \
        with digest
        leader-informandactivate = informAndActivate 0x100000018 leader 2: reconfig of \
        0x20000bccf710001 cxid 1 at 0x100000018 with digest
        leader-leaderinfo = leaderInfo epoch 1 version 65536
        leader-newleader = newLeader 0x100000000 servers [1, 2, 3, 4] version 100000000
        leader-ping = ping 0x100000000
        leader-proposal-closeSession = proposal 0x10000000c: closeSession of 0x10000bccf420001 \
        cxid 1 at 0x10000000c with digest
        leader-proposal-create = proposal 0x100000002: create of 0x10000bccf420000 cxid 1 at \
        0x100000002 with digest
        leader-proposal-create2 = proposal 0x10000000a: create2 of 0x100001ce40a0001 cxid 8 at \
        0x10000000a with digest
        leader-proposal-createContainer = proposal 0x10000000f: createContainer of \
        0x100001ce40a0002 cxid 2 at 0x10000000f with digest
        leader-proposal-createSession = proposal 0x100000001: createSession of 0x10000bccf420000 \
        cxid 0 at 0x100000001 with digest
        leader-proposal-createTTL = proposal 0x10000000e: createTTL of 0x100001ce40a0002 cxid 1 \
        at 0x10000000e with digest
        leader-proposal-delete = proposal 0x10000000a: delete of 0x40000bcda920000 cxid 3 at \
        0x10000000a with digest
        leader-proposal-deleteContainer = proposal 0x100000012: deleteContainer of 0x0 cxid 0 at \
        0x100000012 with digest
        leader-proposal-error = proposal 0x100000007: error of 0x10000bccf420000 cxid 7 at \
        0x100000007 without digest
        leader-proposal-multi = proposal 0x100000005: multi of 0x10000bccf420000 cxid 5 at \
        0x100000005 with digest
        leader-proposal-reconfig = proposal 0x100000018: reconfig of 0x20000bccf710001 cxid 1 at \
        0x100000018 with digest
        leader-proposal-setACL = proposal 0x100000006: setACL of 0x100001ce40a0001 cxid 3 at \
        0x100000006 with digest
        leader-proposal-setData = proposal 0x100000003: setData of 0x10000bccf420000 cxid 2 at \
        0x100000003 with digest
        leader-revalidate-invalid = revalidated 0x300001234abcd false
        leader-revalidate-valid = revalidated 0x10000bccf420000 true
        leader-snap = snap 0x100000000
        leader-sync = sync
        leader-trunc = trunc 0x100000012
        leader-uptodate = upToDate
        """

    private static let learner = """
        learner-ack-newleader = ack 0x100000000
        learner-ack-proposal = ack 0x100000001
        learner-ackepoch = ackEpoch at 0x0 of epoch 0
        learner-ackepoch-again = ackEpoch at 0x10000000e of no epoch
        learner-followerinfo = followerInfo accepted 0 server 1 version 65536 configuration 0
        learner-observerinfo = observerInfo accepted 0 server 4 version 65536 configuration \
        100000000
        learner-ping = ping 0x100000000
        learner-ping-touches = ping 0x100000007 0x10000bccf420000 6000 ms
        learner-request-closeSession = request closeSession 0x10000bccf420001 cxid 1 body 0 by \
        ip:127.0.0.1
        learner-request-create = request create 0x10000bccf420000 cxid 1 body 44 by \
        ip:127.0.0.1,digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=
        learner-request-create2 = request create2 0x100001ce40a0001 cxid 8 body 59 by \
        ip:10.213.50.254,digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=
        learner-request-createContainer = request createContainer 0x100001ce40a0002 cxid 2 body \
        64 by ip:10.213.50.254
        learner-request-createSession = request createSession 0x10000bccf420000 cxid 0 body 4 by \
        nil
        learner-request-createTTL = request createTTL 0x100001ce40a0002 cxid 1 body 66 by \
        ip:10.213.50.254
        learner-request-delete = request delete 0x40000bcda920000 cxid 3 body 10 by ip:127.0.0.1
        learner-request-multi = request multi 0x10000bccf420000 cxid 5 body 102 by \
        ip:127.0.0.1,digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=
        learner-request-reconfig = request reconfig 0x100001cf6520000 cxid 1 body 67 by \
        ip:10.213.50.254
        learner-request-setACL = request setACL 0x100001ce40a0001 cxid 3 body 75 by \
        ip:10.213.50.254,digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=
        learner-request-setData = request setData 0x10000bccf420000 cxid 2 body 17 by \
        ip:127.0.0.1,digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=
        learner-request-sync = request sync 0x10000bccf420000 cxid 4 body 6 by \
        ip:127.0.0.1,digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=
        learner-revalidate = revalidate 0x10000bccf420000 6000 ms
        """

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
