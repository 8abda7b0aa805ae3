// The claims of Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup
// systems" (DSN 2011), each on a run in which it could fail. The swarms hold them against every event;
// here each has its schedule.

import Testing
import ZKWire
import Zab

@Suite("The claims of the Zab paper")
struct PaperTests {
    private func ensemble(_ seed: UInt64, voters: Int = 3) -> Ensemble {
        let ensemble = Ensemble(.init(voters: voters), seed: seed)
        ensemble.startAll()
        wait(ensemble)
        return ensemble
    }

    private func wait(_ ensemble: Ensemble) {
        let isWell = ensemble.run(atMost: 5000) {
            ensemble.leader != nil
                && ensemble.servers.allSatisfy { $0.peer?.role.isServing ?? !$0.isUp }
        }
        #expect(isWell)
    }

    @Test("Integrity and total order: all deliver the same, what was broadcast, in one order")
    func totalOrder() throws {
        let ensemble = ensemble(21, voters: 5)
        for _ in 0..<3 {
            let leader = try #require(ensemble.leader)
            for _ in 0..<10 {
                ensemble.proposeTurn(leader, count: 2)
                ensemble.run(milliseconds: 2)
            }
            ensemble.run(milliseconds: 100)
            ensemble.crash(leader)
            wait(ensemble)
            ensemble.start(leader)
            wait(ensemble)
        }
        ensemble.run(milliseconds: 300)
        #expect(ensemble.ghost.committed.count == 60)
        for server in ensemble.servers { #expect(server.tree == ensemble.ghost.committed) }
        let zxids = ensemble.ghost.committed.map(\.zxid)
        #expect(zxids == zxids.sorted() && Set(zxids).count == zxids.count)
    }

    @Test("Agreement: what a quorum has acknowledged survives the leader that never said so")
    func agreement() throws {
        let ensemble = ensemble(22)
        let leader = try #require(ensemble.leader)
        let zxid = try #require(ensemble.propose(leader))
        ensemble.endTurn(leader)
        let isDurable = ensemble.run(atMost: 100) {
            ensemble.servers.count { $0.store.contains(zxid) } >= 2
        }
        #expect(isDurable)
        ensemble.crash(leader)
        wait(ensemble)
        ensemble.run(milliseconds: 200)
        #expect(ensemble.ghost.committed.map(\.zxid) == [zxid])
    }

    @Test("Local primary order: a leader's transactions are delivered as it broadcast them")
    func localOrder() throws {
        let ensemble = ensemble(23)
        let leader = try #require(ensemble.leader)
        var broadcast: [Zxid] = []
        for _ in 0..<50 {
            broadcast += (0..<3).compactMap { _ in ensemble.propose(leader) }
            ensemble.endTurn(leader)
            ensemble.run(milliseconds: 1)
        }
        ensemble.run(milliseconds: 300)
        for server in ensemble.servers { #expect(server.tree.map(\.zxid) == broadcast) }
    }

    @Test("Global primary order and primary integrity: epochs follow each other, none goes back")
    func globalOrder() throws {
        let ensemble = ensemble(24)
        var epochs: [Epoch] = []
        for _ in 0..<4 {
            let leader = try #require(ensemble.leader)
            let inherited = leader.tree
            #expect(inherited == ensemble.ghost.committed, "it begins with all that is committed")
            let zxid = try #require(ensemble.propose(leader))
            epochs.append(zxid.epoch)
            ensemble.endTurn(leader)
            ensemble.run(milliseconds: 200)
            ensemble.crash(leader)
            ensemble.start(leader)
            wait(ensemble)
        }
        #expect(epochs == epochs.sorted() && Set(epochs).count == epochs.count)
        #expect(ensemble.ghost.committed.map(\.zxid.epoch) == epochs)
    }

    @Test("Initial histories: each established epoch's begins with the one before it")
    func initialHistories() throws {
        let ensemble = ensemble(25)
        for _ in 0..<4 {
            let leader = try #require(ensemble.leader)
            ensemble.proposeTurn(leader, count: 3)
            ensemble.run(milliseconds: ensemble.random.between(0, 20))
            ensemble.crash(leader)
            wait(ensemble)
            ensemble.start(leader)
            wait(ensemble)
        }
        let histories = ensemble.ghost.leaders.sorted { $0.key < $1.key }.map(\.value.initial)
        for (earlier, later) in zip(histories, histories.dropFirst()) {
            #expect(later.starts(with: earlier))
        }
    }

    @Test("A minority commits nothing; with one more it does")
    func liveness() throws {
        let ensemble = ensemble(26, voters: 5)
        let leader = try #require(ensemble.leader)
        let others = ensemble.servers.filter { $0 !== leader }
        for server in others.prefix(3) { ensemble.crash(server) }
        ensemble.proposeTurn(leader, count: 1)
        ensemble.run(milliseconds: 2000)
        #expect(ensemble.ghost.committed.isEmpty)
        #expect(ensemble.leader == nil)
        ensemble.start(others[0])
        wait(ensemble)
        ensemble.proposeTurn(try #require(ensemble.leader), count: 1)
        ensemble.run(milliseconds: 500)
        #expect(!ensemble.ghost.committed.isEmpty)
    }
}
