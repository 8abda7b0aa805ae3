// What is known of the past must not be taken for the present: a watermark that a loss of power has left
// behind, files that were damaged while the server ran, files that have been looked through before.

import Recovery
import Repair
import Simulation
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire
import Zab

@Suite("Outdated knowledge in repairs")
struct OutdatedTests {
    private let five = Servers.zxids(1...5)
    private let segment = Servers.log + "/0000000100000001.log"

    @Test("the newest segment is unreadable, the watermark is from before its last record: others are asked")
    func watermark() throws {
        let damaged = try Servers.disk(1, five)
        let mark = Servers.log + "/" + LogFileNames.watermark
        let before = try #require(
            try Servers.disk(1, Array(five.dropLast())).content(of: mark))
        damaged.place(before, at: mark)
        damaged.corrupt(segment, 20, bits: 1)
        let ensemble = Servers.ensemble([
            damaged, try Servers.disk(2, five), try Servers.disk(3, Array(five.dropLast())),
        ])
        try ensemble.startAll()
        try ensemble.run()
        #expect(ensemble.isWhole(1), "\(ensemble.text(Servers.id(1)))")
        #expect(ensemble.history(1) == five)
    }

    @Test("a member that runs does not say that it lacks what has been damaged meanwhile")
    func damagedMeanwhile() throws {
        let disk = try Servers.disk(1, five, segment: 3)
        func answer() -> TxnsResponse {
            RepairAnswerer(
                disk, RepairEnsemble.directory, base: .origin,
                SnapshotOrigin(ensembleID: 1, generation: 0)
            ).txns(ZxidSpan(after: five[2], through: five[4]))
        }
        #expect(answer().isWhole)
        #expect(answer().txns.map(\.zxid) == Array(five[3...]))
        disk.corrupt(Servers.log + "/0000000100000004.log", 20, bits: 1)
        #expect(answer().txns.isEmpty)
        #expect(!answer().isWhole)
    }

    private func standing(
        _ state: RepairPeerState, epoch: UInt32 = 1, end: UInt32 = 1, mayVote: Bool = true
    ) -> RepairStanding {
        RepairStanding(
            state: state, mayVote: mayVote,
            epochs: Epochs(
                accepted: Epoch(rawValue: epoch), current: Epoch(rawValue: epoch)),
            end: RepairFixture.zxid(end))
    }

    @Test("what a member was found to lack does not count once it has a later epoch, or more")
    func standings() {
        let looking = standing(.looking)
        #expect(looking.holds(looking))
        #expect(standing(.joining).holds(looking))
        // It has been synchronized since: with its new epoch it would refute what it has by now.
        #expect(!standing(.established, epoch: 2).holds(looking))
        #expect(!standing(.looking, end: 2).holds(looking))
        #expect(!standing(.looking).holds(standing(.looking, mayVote: false)))
        // While it serves its log grows with each write.
        #expect(standing(.established, end: 2).holds(standing(.established)))
        #expect(!standing(.looking, end: 2).holds(standing(.established)))
    }
}
