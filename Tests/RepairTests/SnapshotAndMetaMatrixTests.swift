import Simulation
import Storage
import Testing
import ZKWire

@Suite("Every combination of snapshots, and of copies of meta")
struct SnapshotAndMetaMatrixTests {
    enum Copy: Int, CaseIterable { case good, corrupt, absent }

    private let zxids = Servers.zxids(1...8)

    /// Three servers, each with one of the three; the number's digits say which.
    private func copies(_ number: Int) -> [Copy] {
        [number % 3, number / 3 % 3, number / 9 % 3].compactMap(Copy.init)
    }

    @Test("snapshots: whole logs need none, and one good copy is enough", arguments: [true, false])
    func snapshots(_ beginsAtZero: Bool) throws {
        let disks = try (1...3).map {
            try Servers.disk(
                $0, zxids, segment: 2, snapshots: [zxids[5]],
                purges: beginsAtZero ? nil : zxids[5])
        }
        let path = Servers.snapshots + "/snapshot.100000006.lz4"
        for number in 0..<27 {
            let copies = copies(number)
            let damaged = zip(disks, copies).map { disk, copy in
                let disk = disk.afterKill()
                switch copy {
                case .good: break
                case .corrupt: disk.corrupt(path, 60, bits: 1)
                case .absent: try? disk.remove(path)
                }
                return disk
            }
            let ensemble = Servers.ensemble(damaged)
            try ensemble.startAll()
            try ensemble.run()
            for server in 1...3 {
                if beginsAtZero || copies.contains(.good) {
                    #expect(ensemble.isWhole(server), "\(copies), \(ensemble.text(Servers.id(server)))")
                    #expect(ensemble.history(server).last == zxids.last)
                } else {
                    #expect(ensemble.stopText(server) != nil, "\(copies)")
                }
            }
        }
    }

    @Test("meta: one good copy is enough; a server without any follows a leader that others make")
    func metas() throws {
        let disks = try (1...3).map { try Servers.disk($0, zxids) }
        for number in 0..<81 {
            // Both copies of two servers; the third is good.
            let digits = [number % 3, number / 3 % 3, number / 9 % 3, number / 27]
            let copies = digits.compactMap(Copy.init)
            let damaged = disks.map { $0.afterKill() }
            for (index, copy) in copies.enumerated() {
                let path = Servers.own + (index % 2 == 0 ? "/meta-a" : "/meta-b")
                switch copy {
                case .good: break
                case .corrupt: damaged[index / 2].corrupt(path, 44, bits: 1)
                case .absent: try damaged[index / 2].remove(path)
                }
            }
            let ensemble = Servers.ensemble(damaged)
            try ensemble.startAll()
            let lost = [0, 1].filter { copies[$0 * 2] != .good && copies[$0 * 2 + 1] != .good }
            // Two that are whole elect one.
            ensemble.isEstablished = lost.count < 2
            try ensemble.run()
            for server in 1...3 {
                let text = "\(copies), \(server): \(ensemble.text(Servers.id(server)))"
                if !lost.contains(server - 1) {
                    #expect(ensemble.isWhole(server), "\(text)")
                } else if lost.count < 2 {
                    #expect(ensemble.isFollowing(server), "\(text)")
                } else {
                    #expect(ensemble.stopText(server) != nil, "\(text)")
                }
            }
        }
    }
}
