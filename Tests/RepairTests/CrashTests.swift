import Recovery
import Simulation
import Storage
import Testing
import ZKWire

@Suite("A crash at every disk call of a repair")
struct CrashTests {
    /// States of the medium that are looked at for each disk call.
    private static let statesPerCall = 4

    /// Cuts the power at every disk call of server 1's start, in turn, and starts it again from
    /// what may be left then.
    private func check(
        _ disks: [SimulatedDisk], isEstablished: Bool = false,
        _ judge: (RepairEnsemble, String) throws -> Void
    ) throws {
        var call = 1
        while true {
            let disk = disks[0].afterKill()
            let ensemble = Servers.ensemble([disk] + disks[1...].map { $0.afterKill() })
            ensemble.isEstablished = isEstablished
            try ensemble.start(2)
            try ensemble.start(3)
            disk.cutPower(at: call)
            do {
                try ensemble.start(1)
                try ensemble.run()
            } catch {
                #expect(disk.isPowerCut, "\(error)")
            }
            guard disk.isPowerCut else {
                disk.cutPower(at: 1 << 40)
                try judge(ensemble, "no crash")
                break
            }
            for (number, left) in disk.crashStates(limit: Self.statesPerCall).enumerated() {
                let next = Servers.ensemble([left] + disks[1...].map { $0.afterKill() })
                next.isEstablished = isEstablished
                try next.startAll()
                try next.run()
                try judge(next, "call \(call), state \(number)")
            }
            call += 1
        }
        #expect(call > 40)
    }

    @Test("piece by piece: it is damaged as before, or repaired")
    func pieces() throws {
        let zxids = Servers.zxids(1...6)
        let disks = try (1...3).map { try Servers.disk($0, zxids, segment: 2, snapshots: [zxids[2]]) }
        try Servers.corrupt(disks[0], zxids[4])
        try check(disks) { ensemble, text in
            #expect(ensemble.isWhole(1), "\(text): \(ensemble.text(Servers.id(1)))")
            #expect(ensemble.history(1).suffix(3) == zxids[3...])
            let disk = try #require(ensemble.disks[Servers.id(1)])
            let names = try disk.list(Servers.own)
            #expect(!names.contains { $0.contains("damaged") || $0.contains("repair") }, "\(text): \(names)")
        }
    }

    @Test("with another's snapshot")
    func fetchedSnapshot() throws {
        let zxids = Servers.zxids(1...8)
        let disks = try (1...3).map {
            try Servers.disk($0, zxids, segment: 2, snapshots: [zxids[5]], purges: zxids[5])
        }
        disks[0].corrupt(Servers.snapshots + "/snapshot.100000006.lz4", 60, bits: 1)
        try check(disks) { ensemble, text in
            #expect(ensemble.isWhole(1), "\(text): \(ensemble.text(Servers.id(1)))")
            #expect(ensemble.history(1) == Array(zxids[6...]))
        }
    }

    @Test("setting everything aside: it never votes with nothing", arguments: [true, false])
    func settingAside(_ hasMeta: Bool) throws {
        let zxids = Servers.zxids(1...4)
        let disks = try (1...3).map { try Servers.disk($0, zxids, segment: 2) }
        if hasMeta {
            // Nobody has it, and a leader is there.
            for disk in disks { try Servers.corrupt(disk, zxids[1]) }
            let whole = try (2...3).map { try Servers.disk($0, Servers.zxids(1...1), epoch: 1) }
            try check([disks[0]] + whole, isEstablished: true) { try judgeAside($0, $1) }
        } else {
            for name in ["meta-a", "meta-b"] { try disks[0].remove(Servers.own + "/" + name) }
            try disks[0].syncDirectory(Servers.own)
            try check(disks, isEstablished: true) { try judgeAside($0, $1) }
        }
    }

    private func judgeAside(_ ensemble: RepairEnsemble, _ text: String) throws {
        #expect(ensemble.isFollowing(1), "\(text): \(ensemble.text(Servers.id(1)))")
        let disk = try #require(ensemble.disks[Servers.id(1)])
        #expect(try MetaInspection(disk, directory: Servers.own).record?.isRecovering == true)
        let aside = try disk.list(Servers.own).filter { $0.hasPrefix("log.damaged-") }
        let files = try aside.flatMap { try disk.list(Servers.own + "/" + $0) }
        #expect(files.filter { $0.hasSuffix(".log") }.count == 2, "\(text): \(files)")
    }
}
