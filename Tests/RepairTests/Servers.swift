import Repair
import Simulation
import Storage
import ZKWire

/// Shorthand for the scenarios: servers 1 to 3, transactions by their counters.
enum Servers {
    static func id(_ number: Int) -> ServerID { ServerID(rawValue: Int64(number)) }

    static func zxids(_ range: ClosedRange<UInt32>, epoch: UInt32 = 1) -> [Zxid] {
        range.map { RepairFixture.zxid($0, epoch: epoch) }
    }

    static func disk(
        _ number: Int, _ zxids: [Zxid], epoch: UInt32 = 1, segment: Int = 0,
        snapshots: Set<Zxid> = [], purges: Zxid? = nil
    ) throws -> SimulatedDisk {
        try RepairFixture.disk(
            id(number), zxids, epoch: epoch, segment: segment, snapshots: snapshots,
            purges: purges)
    }

    static func ensemble(_ disks: [SimulatedDisk]) -> RepairEnsemble {
        var byID: [ServerID: SimulatedDisk] = [:]
        for (index, disk) in disks.enumerated() { byID[id(index + 1)] = disk }
        return RepairEnsemble(byID)
    }

    /// Flips a bit in the body of a transaction's record.
    static func corrupt(_ disk: SimulatedDisk, _ zxid: Zxid) throws {
        guard let record = try RepairFixture.records(disk)[zxid] else { return }
        disk.corrupt(record.file, record.offset + 50, bits: 4)
    }

    static let log = RepairEnsemble.directory.log
    static let snapshots = RepairEnsemble.directory.snapshots
    static let own = RepairEnsemble.directory.own
}

extension RepairEnsemble {
    func start(_ number: Int) throws { try start(Servers.id(number)) }

    func startAll() throws {
        for id in ids { try start(id) }
    }

    func isWhole(_ number: Int) -> Bool {
        if case .whole = states[Servers.id(number)] { true } else { false }
    }

    func isRepairing(_ number: Int) -> Bool {
        if case .repairing = states[Servers.id(number)] { true } else { false }
    }

    func isFollowing(_ number: Int) -> Bool {
        if case .following = states[Servers.id(number)] { true } else { false }
    }

    func stopText(_ number: Int) -> String? {
        if case .stopped(let text) = states[Servers.id(number)] { text } else { nil }
    }

    /// The zxids of a member's log.
    func history(_ number: Int) -> [Zxid] {
        disks[Servers.id(number)].map { RepairFixture.history($0).keys.sorted() } ?? []
    }
}
