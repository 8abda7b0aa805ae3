import Recovery
import Simulation
import Storage
import Testing
import ZKWire

@Suite("Damaged members among others")
struct ScenarioTests {
    private let five = Servers.zxids(1...5)

    @Test("S-10: two of three have lost different records, and each has the other's")
    func differentRecords() throws {
        let disks = try (1...3).map { try Servers.disk($0, five) }
        try Servers.corrupt(disks[0], five[1])
        try Servers.corrupt(disks[1], five[3])
        let ensemble = Servers.ensemble(Array(disks[0...1]) + [disks[2]])
        // Without the third.
        try ensemble.start(1)
        try ensemble.start(2)
        try ensemble.run()
        for server in 1...2 {
            #expect(ensemble.isWhole(server), "\(ensemble.text(Servers.id(server)))")
            #expect(ensemble.history(server) == five)
        }
    }

    @Test("S-11: a record that nobody has any more is named, and every member stops")
    func lostEverywhere() throws {
        let disks = try (1...3).map { try Servers.disk($0, five) }
        for disk in disks { try Servers.corrupt(disk, five[2]) }
        let ensemble = Servers.ensemble(disks)
        try ensemble.startAll()
        try ensemble.run()
        for server in 1...3 {
            let text = try #require(ensemble.stopText(server))
            #expect(text.contains("after zxid 0x100000002 up to 0x100000003"))
            #expect(text.contains("0000000100000001.log"))
            #expect(text.contains("docs/operating/recovering.md#not-repairable"))
        }
    }

    @Test("S-12: one is damaged, one lags: they wait for the third, and nothing is dropped")
    func oneDamagedOneLagging() throws {
        let disks = [
            try Servers.disk(1, five), try Servers.disk(2, Servers.zxids(1...3)),
            try Servers.disk(3, five),
        ]
        try Servers.corrupt(disks[0], five[3])
        let ensemble = Servers.ensemble(disks)
        try ensemble.start(1)
        try ensemble.start(2)
        try ensemble.run(for: .seconds(60))
        #expect(ensemble.isRepairing(1))
        try ensemble.start(3)
        try ensemble.run()
        #expect(ensemble.isWhole(1))
        #expect(ensemble.history(1) == five)
    }

    @Test(
        "S-15, S-16: a segment that is missing in the middle or at the end comes from another",
        arguments: [1, 2, 3])
    func missingSegment(_ segment: Int) throws {
        let zxids = Servers.zxids(1...8)
        let disks = try (1...3).map { try Servers.disk($0, zxids, segment: 2) }
        let names = try disks[0].list(Servers.log).filter { $0.hasSuffix(".log") }
        try disks[0].remove(Servers.log + "/" + names[segment])
        let ensemble = Servers.ensemble(disks)
        try ensemble.start(1)
        try ensemble.start(2)
        try ensemble.run()
        #expect(ensemble.isWhole(1), "\(ensemble.text(Servers.id(1)))")
        #expect(ensemble.history(1) == zxids)
    }

    @Test("S-16: with the watermark gone, too, the whole log is lost, and found again")
    func lostLog() throws {
        let disks = try (1...3).map { try Servers.disk($0, five) }
        for name in try disks[0].list(Servers.log) where name != "lock" {
            try disks[0].remove(Servers.log + "/" + name)
        }
        let ensemble = Servers.ensemble(disks)
        try ensemble.startAll()
        try ensemble.run()
        #expect(ensemble.isWhole(1), "\(ensemble.text(Servers.id(1)))")
        #expect(ensemble.history(1) == five)
    }

    @Test("S-21: without a snapshot and the log's beginning, another's snapshot will do")
    func lostSnapshot() throws {
        let zxids = Servers.zxids(1...8)
        let disks = try (1...3).map {
            try Servers.disk(
                $0, zxids, segment: 2, snapshots: [zxids[5]], purges: zxids[5])
        }
        disks[0].corrupt(Servers.snapshots + "/snapshot.100000006.lz4", 60, bits: 1)
        let ensemble = Servers.ensemble(disks)
        try ensemble.start(1)
        #expect(ensemble.isRepairing(1))
        try ensemble.start(2)
        try ensemble.run()
        #expect(ensemble.isWhole(1), "\(ensemble.text(Servers.id(1)))")
        #expect(ensemble.history(1) == Array(zxids[6...]))
    }

    @Test("S-21: if nobody has a snapshot that fits, a leader's history is taken")
    func leaderInstead() throws {
        let zxids = Servers.zxids(1...8)
        let disks = [
            try Servers.disk(1, zxids, segment: 2, snapshots: [zxids[5]], purges: zxids[5]),
            try Servers.disk(
                2, zxids + Servers.zxids(1...4, epoch: 2), epoch: 2, segment: 2,
                snapshots: [RepairFixture.zxid(2, epoch: 2)],
                purges: RepairFixture.zxid(2, epoch: 2)),
            try Servers.disk(3, zxids, epoch: 2),
        ]
        disks[0].corrupt(Servers.snapshots + "/snapshot.100000006.lz4", 60, bits: 1)
        let ensemble = Servers.ensemble(disks)
        try ensemble.start(1)
        try ensemble.start(2)
        try ensemble.run(for: .seconds(20))
        #expect(ensemble.isRepairing(1))
        ensemble.isEstablished = true
        try ensemble.run()
        #expect(ensemble.isFollowing(1), "\(ensemble.text(Servers.id(1)))")
        let disk = try #require(ensemble.disks[Servers.id(1)])
        #expect(try MetaInspection(disk, directory: Servers.own).record?.isRecovering == true)
        // Kept until a leader has synchronized it.
        #expect(try disk.list(Servers.own).contains { $0.hasPrefix("log.damaged-") })
        #expect(ensemble.history(1) == [])
    }

    @Test("S-26, S-27: without its promises a member waits for a leader, then follows", arguments: [true, false])
    func lostMeta(_ isMissing: Bool) throws {
        let disks = try (1...3).map { try Servers.disk($0, five) }
        for name in ["meta-a", "meta-b"] {
            let path = Servers.own + "/" + name
            if isMissing { try disks[0].remove(path) } else { disks[0].corrupt(path, 50, bits: 2) }
        }
        let ensemble = Servers.ensemble(disks)
        try ensemble.startAll()
        try ensemble.run(for: .seconds(30))
        #expect(ensemble.isRepairing(1))
        ensemble.isEstablished = true
        try ensemble.run()
        #expect(ensemble.isFollowing(1), "\(ensemble.text(Servers.id(1)))")
        let disk = try #require(ensemble.disks[Servers.id(1)])
        let record = try #require(try MetaInspection(disk, directory: Servers.own).record)
        #expect(record.isRecovering && record.serverID == 1)
    }

    @Test("S-26: when a majority has lost its promises, they stop")
    func lostMetaOfMost() throws {
        let disks = try (1...3).map { try Servers.disk($0, five) }
        for disk in disks[0...1] {
            for name in ["meta-a", "meta-b"] { try disk.remove(Servers.own + "/" + name) }
        }
        let ensemble = Servers.ensemble(disks)
        try ensemble.startAll()
        try ensemble.run()
        #expect(ensemble.stopText(1)?.contains("only a leader can help") == true)
        #expect(ensemble.stopText(2)?.contains("only a leader can help") == true)
        #expect(ensemble.isWhole(3))
    }

    @Test("S-29: with a meta that is older than the log, a leader has to help")
    func olderMeta() throws {
        let disks = try (1...3).map { try Servers.disk($0, five) }
        let older = ["meta-a", "meta-b"].map { disks[0].content(of: Servers.own + "/" + $0) ?? [] }
        try Servers.corrupt(disks[0], five[1])
        let ensemble = Servers.ensemble(disks)
        try ensemble.startAll()
        try ensemble.run()
        #expect(ensemble.isWhole(1))
        ensemble.stop(Servers.id(1))
        let disk = try #require(ensemble.disks[Servers.id(1)])
        for (name, bytes) in zip(["meta-a", "meta-b"], older) {
            disk.place(bytes, at: Servers.own + "/" + name)
        }
        try ensemble.start(1)
        #expect(ensemble.isRepairing(1))
        ensemble.isEstablished = true
        try ensemble.run()
        #expect(ensemble.isFollowing(1), "\(ensemble.text(Servers.id(1)))")
    }

    @Test("S-30: what a wiped member does not have proves nothing")
    func wipedMember() throws {
        let disks = [
            try Servers.disk(1, five), try Servers.disk(2, Servers.zxids(1...4)), SimulatedDisk(),
        ]
        try Servers.corrupt(disks[0], five[4])
        let ensemble = Servers.ensemble(disks)
        try ensemble.startAll()
        try ensemble.run(for: .seconds(60))
        #expect(!ensemble.isWhole(1))
        #expect(ensemble.history(2) == Array(five[..<4]))
    }
}
