import Simulation
import Storage
import Testing
import ZKWire

@Suite("What may be dropped")
struct DropTests {
    private let five = Servers.zxids(1...5)

    @Test("a record that a later epoch's history does not have was never committed")
    func laterEpoch() throws {
        let disks = [
            try Servers.disk(1, five),
            try Servers.disk(2, Array(five[..<4]) + Servers.zxids(1...2, epoch: 2), epoch: 2),
            try Servers.disk(3, five),
        ]
        try Servers.corrupt(disks[0], five[4])
        let ensemble = Servers.ensemble(disks)
        try ensemble.start(1)
        try ensemble.start(2)
        try ensemble.run()
        #expect(ensemble.isWhole(1), "\(ensemble.text(Servers.id(1)))")
        // What the later epoch added is for its leader to send.
        #expect(ensemble.history(1) == Array(five[..<4]))
    }

    @Test("a record that all others are without, and nobody leads, was never committed")
    func allOthersLackIt() throws {
        let disks = [
            try Servers.disk(1, five), try Servers.disk(2, Array(five[..<4])),
            try Servers.disk(3, Array(five[..<4])),
        ]
        try Servers.corrupt(disks[0], five[4])
        let ensemble = Servers.ensemble(disks)
        try ensemble.start(1)
        try ensemble.start(2)
        try ensemble.run(for: .seconds(30))
        #expect(ensemble.isRepairing(1))
        try ensemble.start(3)
        try ensemble.run()
        #expect(ensemble.isWhole(1), "\(ensemble.text(Servers.id(1)))")
        #expect(ensemble.history(1) == Array(five[..<4]))
    }

    @Test("while somebody leads nothing is dropped: the leader's history is taken")
    func leaderCountsIt() throws {
        let disks = [
            try Servers.disk(1, five), try Servers.disk(2, Array(five[..<4])),
            try Servers.disk(3, Array(five[..<4])),
        ]
        try Servers.corrupt(disks[0], five[4])
        let ensemble = Servers.ensemble(disks)
        ensemble.isEstablished = true
        try ensemble.startAll()
        try ensemble.run()
        #expect(ensemble.isFollowing(1), "\(ensemble.text(Servers.id(1)))")
    }

    @Test("an end that is in doubt is what the longest history of the epoch has")
    func suspectEnd() throws {
        let disks = try (1...3).map { try Servers.disk($0, $0 == 3 ? Array(five[..<4]) : five) }
        try Servers.corrupt(disks[0], five[4])
        try disks[0].remove(Servers.log + "/watermark")
        let ensemble = Servers.ensemble(disks)
        try ensemble.startAll()
        try ensemble.run()
        #expect(ensemble.isWhole(1), "\(ensemble.text(Servers.id(1)))")
        #expect(ensemble.history(1) == five)
    }

    @Test("an end that is in doubt is not dropped while a voter has not been heard")
    func suspectEndWaits() throws {
        let disks = try (1...3).map { try Servers.disk($0, $0 == 2 ? Array(five[..<4]) : five) }
        try Servers.corrupt(disks[0], five[4])
        try disks[0].remove(Servers.log + "/watermark")
        let ensemble = Servers.ensemble(disks)
        try ensemble.start(1)
        try ensemble.start(2)
        try ensemble.run(for: .seconds(30))
        #expect(ensemble.isRepairing(1))
        try ensemble.start(3)
        try ensemble.run()
        #expect(ensemble.history(1) == five)
    }

    @Test("a torn end is cut, and nobody is asked")
    func tornEnd() throws {
        let disk = try Servers.disk(1, five)
        let end = try #require(try RepairFixture.records(disk)[five[4]])
        disk.corrupt(end.file, end.offset + end.count + 3, bits: 0x55)
        let ensemble = Servers.ensemble([disk, SimulatedDisk(), SimulatedDisk()])
        try ensemble.start(1)
        #expect(ensemble.isWhole(1))
        #expect(ensemble.history(1) == five)
    }
}
