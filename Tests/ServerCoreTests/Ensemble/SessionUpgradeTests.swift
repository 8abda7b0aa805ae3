import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("A local session that creates an ephemeral becomes one of the ensemble's (R-2926, R-3471)")
struct SessionUpgradeTests {
    private func serving(observers: Int = 0) -> Cluster {
        Cluster.serving(voters: 3, observers: observers) {
            $0.areSessionsLocal = true
            $0.areLocalSessionsUpgraded = true
        }
    }

    private func expectNothingDangling(
        _ cluster: Cluster, _ location: SourceLocation = #_sourceLocation
    ) {
        cluster.expectSameTrees(location)
        for member in cluster.members where member.isUp {
            for owner in member.core.tree.sessionsWithEphemerals {
                let timeout = member.core.tree.sessions.timeout(of: owner)
                #expect(timeout != nil, "an ephemeral of \(owner)", sourceLocation: location)
            }
        }
    }

    @Test("it keeps id, password, time-out and watches, and moves to any server from then on")
    func upgrade() {
        let cluster = serving(observers: 1)
        for member in cluster.members {
            let client = member.connect(timeoutMilliseconds: 900)
            let path = "/e\(member.id)"
            #expect(client.exists(path, watch: true)?.error == .noNode)
            let create = client.send(.create) { $0.writeCreate(path, "", .ephemeral) }
            cluster.settle()
            let replies = client.replies()
            #expect(replies.map(\.xid) == [SpecialXid.notification, create])
            #expect(replies.last?.error == .ok)
            #expect(client.exists(path)?.stat?.ephemeralOwner == client.session.rawValue)
            #expect(member.core.sessions[client.session]?.isLocal == false)
            for other in cluster.members {
                #expect(other.core.tree.sessions.timeout(of: client.session) == 900)
            }
            let other = cluster.members.first { $0 !== member }
            let moved = other?.resume(client)
            #expect(moved?.session == client.session)
            #expect(moved?.set(path, "x")?.error == .ok)
            #expect(moved?.call(.closeSession)?.error == .ok)
            cluster.settle()
            #expect(cluster.leader?.connect().exists(path)?.error == .noNode)
            expectNothingDangling(cluster)
        }
    }

    @Test("a multi with an ephemeral in it upgrades, other creations do not")
    func which() {
        let cluster = serving()
        let member = cluster.followers[0]
        let client = member.connect()
        client.create("/p")
        client.create("/s", mode: .persistentSequential)
        client.call(.createContainer) { $0.writeCreate("/c", "", .container) }
        client.call(.createTTL) {
            $0.writeCreate("/t", "", .persistentWithTTL)
            $0.writeInt64(1000)
        }
        client.call(.multi) {
            $0.writePart(.create) { $0.writeCreate("/m", "") }
            $0.writeMultiEnd()
        }
        #expect(client.exists("/m")?.error == .ok)
        #expect(member.core.sessions.localCount == 1)
        let multi = client.call(.multi) {
            $0.writePart(.create) { $0.writeCreate("/m2", "") }
            $0.writePart(.create2) { $0.writeCreate("/e", "", .ephemeralSequential) }
            $0.writeMultiEnd()
        }
        #expect(multi?.error == .ok)
        #expect(client.exists("/m2")?.error == .ok)
        #expect(member.core.sessions.localCount == 0)
        #expect(member.core.tree.sessionsWithEphemerals == [client.session])
    }

    @Test("two in a row make one session; closing it takes both along")
    func pipelined() {
        let cluster = serving()
        for member in cluster.members {
            let client = member.connect()
            for number in 0..<2 {
                client.send(.create) { $0.writeCreate("/e\(number)", "", .ephemeral) }
            }
            let close = client.send(.closeSession)
            cluster.settle()
            let replies = client.replies()
            #expect(replies.map(\.error) == [.ok, .ok, .ok])
            #expect(replies.last?.xid == close)
            let created = member.disk.records.filter {
                $0.payload.withByteView { (try? ProposalPayload($0))?.header.type }
                    == OpCode.createSession.rawValue
            }
            #expect(created.count == Int(member.id.rawValue))
            cluster.settle()
            #expect(cluster.members.allSatisfy { $0.core.tree.sessions.count == 0 })
            expectNothingDangling(cluster)
        }
    }

    @Test("the leader expires it like any other, when its client is gone")
    func expiry() {
        let cluster = serving()
        for member in cluster.members {
            let client = member.connect(timeoutMilliseconds: 600)
            #expect(client.create("/e", mode: .ephemeral)?.error == .ok)
            for _ in 0..<10 {
                cluster.run(milliseconds: 100)
                client.send(.ping)
            }
            #expect(client.exists("/e")?.error == .ok)
            member.step(.connectionClosed(client.id))
            cluster.run(milliseconds: 1000)
            for other in cluster.members {
                #expect(other.connect().exists("/e")?.error == .noNode)
            }
            expectNothingDangling(cluster)
        }
    }

    /// How far the two transactions of an upgrade have come when the server dies.
    enum Moment: CaseIterable {
        case sent, proposed, logged, committed
    }

    private func reach(_ moment: Moment, _ cluster: Cluster, _ leader: Member, _ member: Member) {
        member.endTurn()
        guard moment != .sent else { return }
        cluster.deliverAll(to: leader)
        leader.endTurn()
        guard moment != .proposed else { return }
        while !leader.disk.queue.isEmpty { leader.performDiskOrder() }
        guard moment == .committed else { return }
        cluster.settle()
    }

    @Test("its server dies in between: what it owns goes with it", arguments: Moment.allCases)
    func serverDies(_ moment: Moment) {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 600)
        client.send(.create) { $0.writeCreate("/e", "", .ephemeral) }
        reach(moment, cluster, leader, member)
        member.crash()
        cluster.settle()
        let isKnown = leader.core.tree.sessions.timeout(of: client.session) != nil
        #expect(isKnown == (moment != .sent))
        expectNothingDangling(cluster)
        cluster.run(milliseconds: 1200)
        member.restart()
        cluster.runUntilServing()
        cluster.run(milliseconds: 200)
        for other in cluster.members {
            #expect(other.connect().exists("/e")?.error == .noNode)
            #expect(other.core.tree.sessions.timeout(of: client.session) == nil)
            #expect(other.resume(client).session == .none)
        }
        expectNothingDangling(cluster)
    }

    @Test("the leader dies in between: the upgrade and what it is for are done once",
        arguments: Moment.allCases)
    func leaderDies(_ moment: Moment) {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 5000)
        let create = client.send(.create) { $0.writeCreate("/e", "", .ephemeral) }
        reach(moment, cluster, leader, member)
        leader.crash()
        cluster.runUntilServing()
        cluster.run(milliseconds: 300)
        let replies = client.replies()
        #expect(replies.map(\.xid) == [create])
        #expect(replies.map(\.error) == [.ok])
        leader.restart()
        cluster.runUntilServing()
        cluster.run(milliseconds: 200)
        for other in cluster.members {
            let stat = other.connect().exists("/e")?.stat
            #expect(stat?.ephemeralOwner == client.session.rawValue)
        }
        expectNothingDangling(cluster)
        #expect(client.call(.closeSession)?.error == .ok)
        cluster.settle()
        expectNothingDangling(cluster)
        #expect(cluster.members.allSatisfy { $0.core.tree.sessionsWithEphemerals == [] })
    }

    @Test("the link to the leader breaks in between, and comes back", arguments: Moment.allCases)
    func linkBreaks(_ moment: Moment) {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let member = cluster.followers[0]
        let client = member.connect(timeoutMilliseconds: 5000)
        let create = client.send(.create) { $0.writeCreate("/e", "", .ephemeral) }
        reach(moment, cluster, leader, member)
        cluster.cut(leader, member)
        cluster.settle()
        cluster.heal()
        cluster.runUntilServing()
        cluster.run(milliseconds: 300)
        let replies = client.replies()
        #expect(replies.map(\.xid) == [create])
        #expect(replies.map(\.error) == [.ok])
        expectNothingDangling(cluster)
    }

    @Test("its client goes to another server before the upgrade is committed")
    func movesMeanwhile() {
        let cluster = serving()
        guard let leader = cluster.leader else { return }
        let (member, other) = (cluster.followers[0], cluster.followers[1])
        let client = member.connect()
        client.send(.create) { $0.writeCreate("/e", "", .ephemeral) }
        reach(.proposed, cluster, leader, member)
        let moved = other.open()
        moved.handshake(session: client.session, password: client.password)
        cluster.settle()
        #expect(moved.connectResponse()?.session == client.session)
        #expect(moved.exists("/e")?.stat?.ephemeralOwner == client.session.rawValue)
        #expect(moved.call(.closeSession)?.error == .ok)
        cluster.settle()
        expectNothingDangling(cluster)
        #expect(leader.connect().exists("/e")?.error == .noNode)
        #expect(member.core.sessions[client.session] == nil)
    }
}
