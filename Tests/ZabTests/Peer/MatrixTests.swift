import Testing
import ZKWire
import Zab

@Suite("Every event in every role")
struct MatrixTests {
    private typealias Way = @Sendable (PeerScript) -> Void

    private static let roles: [(String, Way)] = [
        ("idle", { _ in }),
        ("looking", { $0.step(.started) }),
        ("elected", { $0.becomeLeader() }),
        ("established", { $0.becomeEstablished() }),
        ("connecting", { $0.becomeLearner() }),
        ("acknowledging", { $0.becomeAcknowledging() }),
        ("synced", { $0.becomeSynced() }),
        (
            "settling",
            {
                $0.becomeSynced()
                $0.leader(proposes: PeerScript.zxid(2, 1))
                $0.flush()
                $0.step(.linkClosed(LinkID(rawValue: 9)))
            }
        ),
    ]

    /// What may come whatever the role, from anybody.
    private static let events: [(String, Way)] = {
        let link = LinkID(rawValue: 77)
        let stranger = ServerID(rawValue: 200)
        var events: [(String, Way)] = [
            ("tick", { $0.step(.tick) }),
            ("an election link comes", { $0.step(.electionLink(ServerID(rawValue: 3), isUp: true)) }),
            ("an election link goes", { $0.step(.electionLink(ServerID(rawValue: 3), isUp: false)) }),
            ("a stranger's election link", { $0.step(.electionLink(stranger, isUp: true)) }),
            ("a learner arrives", { $0.step(.learnerArrived(link)) }),
            ("an unknown link is gone", { $0.step(.linkClosed(link)) }),
            ("an unknown link drains", { $0.step(.linkDrained(link)) }),
            ("progress of an unknown link", { $0.step(.progress(link)) }),
            ("an old search succeeds", { $0.step(.leaderReached(link)) }),
            ("an old search fails", { $0.step(.leaderUnreachable(stranger)) }),
            ("a stream of an unknown link", { $0.step(.streamed(link, upTo: .zero)) }),
            ("a stream fails", { $0.step(.streamFailed(link, reason: "gone")) }),
            ("a hand-over", { $0.step(.handOver) }),
        ]
        for state in [Zab.Notification.State.looking, .following, .leading, .observing] {
            for sender in [ServerID(rawValue: 3), stranger] {
                events.append((
                    "\(sender) says \(state)",
                    {
                        $0.step(
                            .notification(
                                Zab.Notification(
                                    sender: sender, state: state,
                                    vote: Zab.Vote(
                                        leader: stranger, zxid: PeerScript.zxid(90, 9),
                                        peerEpoch: Epoch(rawValue: 90)), round: 70)))
                    }
                ))
            }
        }
        for type in QuorumPacketType.allCases {
            for data in [[UInt8]?.none, [], [UInt8](repeating: 0, count: 20)] {
                events.append(("packet \(type) of a stranger", { packet(type, data, $0) }))
            }
        }
        return events
    }()

    private static func packet(_ type: QuorumPacketType, _ data: [UInt8]?, _ script: PeerScript) {
        script.step(.learnerArrived(LinkID(rawValue: 78)))
        let writer = ByteWriter()
        (data ?? []).withByteView { view in
            writer.writeQuorumPacket(
                QuorumPacket(
                    rawType: type.rawValue, zxid: PeerScript.zxid(90, 0),
                    data: data == nil ? nil : view))
        }
        for link in [UInt64(78), 79] {
            #expect(script.receive(writer, link) == nil, "nothing of it is for the layer above")
        }
    }

    @Test("Nothing that a stranger says ends a role, or changes an epoch or the history")
    func strangers() {
        for (role, become) in MatrixTests.roles {
            for (event, happen) in MatrixTests.events where event != "a hand-over" {
                let script = PeerScript(last: PeerScript.zxid(1, 5))
                become(script)
                let before = (script.peer.role, script.peer.epochs, script.peer.history.last)
                happen(script)
                let place = "\(event) while \(role)"
                let isConnecting = role == "connecting" || role == "looking"
                if !isConnecting { #expect(script.peer.role == before.0, "\(place)") }
                #expect(script.peer.epochs == before.1, "\(place)")
                #expect(script.peer.history.last == before.2, "\(place)")
            }
        }
    }

    @Test("Every packet from the leader, and from a follower, in every role: no crash, no epoch")
    func packets() {
        for (role, become) in MatrixTests.roles {
            for type in QuorumPacketType.allCases {
                for data in [[UInt8]?.none, [], [UInt8](repeating: 0, count: 20)] {
                    for link in [UInt64(2), 9] {
                        let script = PeerScript(last: PeerScript.zxid(1, 5))
                        become(script)
                        let current = script.peer.epochs.current
                        let writer = ByteWriter()
                        (data ?? []).withByteView { view in
                            writer.writeQuorumPacket(
                                QuorumPacket(
                                    rawType: type.rawValue, zxid: PeerScript.zxid(1, 5),
                                    data: data == nil ? nil : view))
                        }
                        script.receive(writer, link)
                        script.flush()
                        #expect(script.peer.epochs.current == current, "\(type) while \(role)")
                    }
                }
            }
        }
    }

    @Test("A crowd that says nothing is bounded, and shown out")
    func crowd() {
        let script = PeerScript()
        script.becomeEstablished()
        for link in 100..<1100 { script.step(.learnerArrived(LinkID(rawValue: UInt64(link)))) }
        let closed = script.done().filter { $0.hasSuffix("silent") }.count
        #expect(closed == 1000 - 22)
        script.arrive(3, server: 3)
        #expect(script.done().contains("3 leaderInfo 0x200000000"))
        for _ in 0..<80 {
            script.wait(milliseconds: 10)
            script.learner(2, says: .ack(PeerScript.zxid(2, 0)))
        }
        #expect(script.done().filter { $0.hasSuffix("silent") }.count >= 21)
        #expect(script.peer.role.isServing)
    }
}
