// Each checker of what servers do finds the violation that it is there for, and nothing in what is
// right.

import DataTree
import Simulation
import Testing
import TxnLog
import ZKWire
import Zab

@Suite("The checkers of what servers do")
struct ServerCheckerTests {
    private func zxid(_ epoch: UInt32, _ counter: UInt32) -> Zxid {
        GhostBench.zxid(epoch, counter)
    }

    private func txn(_ epoch: UInt32, _ counter: UInt32) -> [UInt8] {
        GhostBench.txn(zxid(epoch, counter))
    }

    @Test("nothing is wrong with a history that is right")
    func right() {
        let bench = GhostBench()
        for counter in 1...5 as ClosedRange<UInt32> {
            bench.commit(txn(1, counter), zxid(1, counter))
        }
        bench.deliver(zxid(1, 5), at: bench.follower)
        #expect(bench.violation == nil)
        #expect(bench.ghost.committed.count == 5)
    }

    @Test("P-01: an epoch with two leaders, or one that leads it in two lives")
    func leaders() {
        let bench = GhostBench()
        bench.leads(1, bench.follower)
        #expect(bench.violation == "P-01")
        let again = GhostBench()
        again.leads(1, again.leader, life: 2)
        #expect(again.violation == "P-01")
    }

    @Test("P-02: a transaction with other bytes, or one that no leader proposed")
    func integrity() {
        let bench = GhostBench()
        bench.hand(txn(1, 1), zxid(1, 1), to: bench.leader, isLeading: true)
        bench.hand(txn(1, 1) + [0], zxid(1, 1), to: bench.follower)
        #expect(bench.violation == "P-02")
        let invented = GhostBench()
        invented.hand(txn(1, 1), zxid(1, 1), to: invented.follower)
        #expect(invented.violation == "P-02")
    }

    @Test("P-03: who serves has gone back, or is ahead of what it knows")
    func serving() {
        let bench = GhostBench()
        bench.commit(txn(1, 1), zxid(1, 1))
        bench.observe(
            bench.leader, .following(bench.follower, isSynced: true), applied: .zero,
            assured: zxid(1, 1))
        #expect(bench.violation == "P-03")
        let ahead = GhostBench()
        ahead.observe(
            ahead.leader, .following(ahead.follower, isSynced: true), applied: zxid(1, 1),
            assured: .zero)
        #expect(ahead.violation == "P-03")
    }

    @Test("P-05: what one delivers is not what the others have")
    func agreement() {
        let bench = GhostBench()
        bench.commit(txn(1, 1), zxid(1, 1))
        bench.write(2, 1, bench.third)
        bench.ghost.handedOver(
            batch(txn(2, 1), zxid(2, 1)), by: bench.third,
            .leading(Epoch(rawValue: 2), isEstablished: false), bench.now)
        bench.synced(zxid(2, 1), bench.third)
        bench.deliver(zxid(2, 1), at: bench.third)
        #expect(bench.violation == "P-05")
    }

    @Test("P-04: what is delivered anew is not after what was delivered before")
    func order() {
        let bench = GhostBench()
        bench.commit(txn(1, 1), zxid(1, 1))
        let epoch = Epoch(rawValue: 1)
        bench.ghost.begin(at: .zero, Epochs(accepted: epoch, current: epoch))
        bench.deliver(zxid(1, 1), at: bench.leader)
        #expect(bench.violation == "P-04")
    }

    private func batch(_ payload: [UInt8], _ zxid: Zxid) -> TxnBatch {
        let batch = TxnBatch()
        payload.withByteView { batch.append(zxid: zxid, payload: $0) }
        batch.freeze()
        return batch
    }

    @Test("P-08: a leader without what was delivered; P-09: without an earlier initial history")
    func leadership() {
        let bench = GhostBench()
        bench.commit(txn(1, 1), zxid(1, 1))
        bench.write(2, 2, bench.third)
        bench.leads(2, bench.third)
        #expect(bench.violation == "P-08")

        let lacking = GhostBench(isBegun: false)
        for server in [lacking.leader, lacking.follower] { lacking.write(1, 1, server) }
        lacking.hand(txn(1, 1), zxid(1, 1), to: lacking.leader, isLeading: true)
        lacking.synced(zxid(1, 1), lacking.leader)
        lacking.write(2, 2, lacking.leader)
        lacking.leads(2, lacking.leader)
        lacking.write(3, 3, lacking.follower)
        lacking.leads(3, lacking.follower)
        #expect(lacking.violation == "P-09")
    }

    @Test("P-10: delivered and durable on one server only; P-11: delivered before it is durable")
    func durability() {
        let bench = GhostBench()
        bench.hand(txn(1, 1), zxid(1, 1), to: bench.leader, isLeading: true)
        bench.synced(zxid(1, 1), bench.leader)
        bench.deliver(zxid(1, 1), at: bench.leader)
        #expect(bench.violation == "P-10")

        let early = GhostBench()
        for server in [early.leader, early.follower, early.third] {
            early.hand(txn(1, 1), zxid(1, 1), to: server, isLeading: server == early.leader)
            if server != early.third { early.synced(zxid(1, 1), server) }
        }
        early.deliver(zxid(1, 1), at: early.third)
        #expect(early.violation == "P-11")
        let foreign = GhostBench()
        foreign.synced(zxid(1, 1), foreign.leader)
        #expect(foreign.violation == "P-11")
    }

    @Test("P-12: two servers of one epoch with different histories; P-15: an epoch without its history")
    func epochs() {
        let bench = GhostBench()
        bench.hand(txn(1, 1), zxid(1, 1), to: bench.leader, isLeading: true)
        bench.synced(zxid(1, 1), bench.leader)
        bench.write(2, 1, bench.follower)
        bench.hand(txn(2, 1), zxid(2, 1), to: bench.follower, isLeading: true)
        bench.synced(zxid(2, 1), bench.follower)
        bench.write(2, 2, bench.third)
        bench.write(2, 2, bench.leader)
        bench.write(2, 2, bench.follower)
        #expect(bench.violation == "P-12")

        let lacking = GhostBench()
        lacking.hand(txn(1, 1), zxid(1, 1), to: lacking.leader, isLeading: true)
        lacking.synced(zxid(1, 1), lacking.leader)
        lacking.write(2, 2, lacking.leader)
        lacking.write(2, 2, lacking.follower)
        #expect(lacking.violation == "P-15")
    }

    @Test("P-13: words about what is not durable")
    func words() {
        let bench = GhostBench()
        bench.hand(txn(1, 1), zxid(1, 1), to: bench.leader, isLeading: true)
        bench.hand(txn(1, 1), zxid(1, 1), to: bench.follower)
        bench.ghost.sends(packet(.ack, zxid(1, 1)), by: bench.follower)
        #expect(bench.violation == "P-13")
        let end = GhostBench()
        end.ghost.sends(packet(.ackEpoch, zxid(1, 1)), by: end.follower)
        #expect(end.violation == "P-13")
        let newLeader = GhostBench()
        newLeader.ghost.sends(packet(.ack, zxid(2, 0)), by: newLeader.follower)
        #expect(newLeader.violation == "P-15")
    }

    private func packet(_ type: QuorumPacketType, _ zxid: Zxid) -> QuorumPacket {
        QuorumPacket(rawType: type.rawValue, zxid: zxid)
    }

    @Test("P-14: epochs that go back; P-16: a gap; P-18: a transaction of an epoch not accepted")
    func epochOrder() {
        let bench = GhostBench()
        bench.write(0, 0, bench.leader)
        #expect(bench.violation == "P-14")
        let ahead = GhostBench()
        ahead.write(2, 3, ahead.leader)
        #expect(ahead.violation == "P-14")
        let gap = GhostBench()
        gap.hand(txn(1, 2), zxid(1, 2), to: gap.leader, isLeading: true)
        #expect(gap.violation == "P-16")
        let fenced = GhostBench()
        fenced.hand(txn(2, 1), zxid(2, 1), to: fenced.leader, isLeading: true)
        #expect(fenced.violation == "P-18")
    }

    @Test("P-17: a cut of what is delivered, at what is not there, elsewhere than asked")
    func cuts() {
        let bench = GhostBench()
        bench.commit(txn(1, 1), zxid(1, 1))
        bench.ghost.truncates(to: .zero, bench.follower)
        #expect(bench.violation == "P-17")
        let absent = GhostBench()
        absent.ghost.truncates(to: zxid(1, 1), absent.follower)
        #expect(absent.violation == "P-17")
        let elsewhere = GhostBench()
        elsewhere.hand(txn(1, 1), zxid(1, 1), to: elsewhere.leader, isLeading: true)
        elsewhere.synced(zxid(1, 1), elsewhere.leader)
        elsewhere.ghost.truncates(to: .zero, elsewhere.leader)
        elsewhere.ghost.logDid(
            .truncated(to: ChainPoint(zxid: zxid(1, 1), checksum: 0), nil), at: elsewhere.leader)
        #expect(elsewhere.violation == "P-17")
    }

    @Test("P-11: a start that finds less than was durable, and than a cut under way leaves")
    func found() {
        for (cut, end, property) in [
            (nil, 5, nil), (nil, 4, "P-11"), (2, 5, nil), (2, 4, nil), (2, 2, nil), (2, 1, "P-11"),
        ] as [(UInt32?, UInt32, String?)] {
            let bench = GhostBench()
            for counter in 1...5 as ClosedRange<UInt32> {
                bench.hand(
                    txn(1, counter), zxid(1, counter), to: bench.leader, isLeading: true)
            }
            bench.synced(zxid(1, 5), bench.leader)
            if let cut { bench.ghost.truncates(to: zxid(1, cut), bench.leader) }
            bench.ghost.adopt((1...end).map { zxid(1, $0) }, after: .zero, bench.leader)
            #expect(bench.violation == property, "cut at \(cut ?? 0), found up to \(end)")
        }
    }

    @Test("P-20: a tree that is another one, by its digest and by everything in it")
    func trees() {
        for keepsDigest in [true, false] {
            let bench = GhostBench()
            for counter in 1...64 as ClosedRange<UInt32> {
                bench.commit(txn(1, counter), zxid(1, counter))
            }
            #expect(bench.violation == nil)
            let wrong = DataTree()
            if keepsDigest { wrong.keepDigest() }
            var nobody = NoObserver()
            GhostBench.create("/wrong", zxid(1, 64)).withByteView { view in
                var reader = JuteReader(view)
                guard let header = try? reader.readTxnHeader(),
                    let txn = try? reader.readTxn(type: header.type)
                else { return }
                wrong.apply(header, txn, observer: &nobody)
            }
            bench.ghost.checkTree(wrong, of: bench.third, "P-20")
            #expect(bench.violation == "P-20", "\(keepsDigest)")
        }
    }

    @Test("deaths are counted by how and how far a learner was synchronized")
    func coverage() {
        let bench = GhostBench()
        let coverage = bench.ghost.coverage
        coverage.received(packet(.trunc, .zero), by: bench.follower, from: bench.leader)
        coverage.received(packet(.proposal, zxid(1, 1)), by: bench.follower, from: bench.leader)
        coverage.received(packet(.newLeader, zxid(1, 0)), by: bench.follower, from: bench.leader)
        bench.ghost.sends(packet(.ack, zxid(1, 0)), by: bench.follower)
        coverage.received(packet(.snap, .zero), by: bench.third, from: bench.leader)
        bench.ghost.died(bench.follower)
        bench.ghost.died(bench.leader)
        bench.ghost.died(bench.leader)
        let counted = zip(SyncCoverage.names, coverage.counts).filter { $0.1 > 0 }
        #expect(
            counted.map { "\($0.0): \($0.1)" } == [
                "death of the learner in truncDiff, acknowledged: 1",
                "death of the leader in snap, history: 1",
            ])
    }
}
