// The matrix of the FAST 2018 paper (Alagappan et al., Protocol-Aware Recovery for Consensus-Based
// Storage): four entries on three servers, each copy good or corrupt. Where every entry has a good
// copy left, every server is whole afterwards; where one has none, nothing is lost or invented.

import Recovery
import Storage
import ZKWire

package struct RepairMatrix {
    package static let serverCount = 3
    package static let entryCount = 4
    package static let caseCount = 1 << (serverCount * entryCount)

    /// What is done to a copy.
    package enum Damage: Int, CaseIterable, Sendable {
        case flipsBody, flipsHeader, zeroes
    }

    /// What came of a case.
    package enum CaseResult: Equatable, Sendable {
        case repaired
        /// Nobody could; every message says so, and no file has changed.
        case refused
        case wrong(String)
    }

    private let servers: [ServerID]
    private let disks: [ServerID: SimulatedDisk]
    private let records: [ServerID: [Zxid: (file: String, offset: Int, count: Int)]]
    private let zxids: [Zxid]

    /// - Parameter segment: entries of a segment; 0 for all in one.
    package init(segment: Int = 0) throws {
        let servers = (1...Self.serverCount).map { ServerID(rawValue: Int64($0)) }
        let zxids = (1...Self.entryCount).map { RepairFixture.zxid(UInt32($0)) }
        var disks: [ServerID: SimulatedDisk] = [:]
        var records: [ServerID: [Zxid: (file: String, offset: Int, count: Int)]] = [:]
        for server in servers {
            let disk = try RepairFixture.disk(server, zxids, segment: segment)
            disks[server] = disk
            records[server] = try RepairFixture.records(disk)
        }
        self.servers = servers
        self.zxids = zxids
        self.disks = disks
        self.records = records
    }

    /// Whether each entry has a copy that is good.
    package static func isRepairable(_ number: Int) -> Bool {
        (0..<entryCount).allSatisfy { entry in
            (0..<serverCount).contains { number >> ($0 * entryCount + entry) & 1 == 0 }
        }
    }

    /// Runs one case: bit `server * entryCount + entry` of its number says that the copy is corrupt.
    package func run(_ number: Int, _ damage: Damage) throws -> CaseResult {
        var damaged: [ServerID: SimulatedDisk] = [:]
        for (index, server) in servers.enumerated() {
            guard let disk = disks[server]?.afterKill() else { continue }
            for entry in 0..<Self.entryCount
            where number >> (index * Self.entryCount + entry) & 1 == 1 {
                corrupt(disk, server, zxids[entry], damage)
            }
            damaged[server] = disk
        }
        let before = damaged.mapValues { content(of: $0) }
        let ensemble = RepairEnsemble(damaged)
        for server in servers { try ensemble.start(server) }
        try ensemble.run()
        return Self.isRepairable(number)
            ? judgeRepaired(ensemble) : judgeRefused(ensemble, before)
    }

    private func corrupt(
        _ disk: SimulatedDisk, _ server: ServerID, _ zxid: Zxid, _ damage: Damage
    ) {
        guard let record = records[server]?[zxid] else { return }
        switch damage {
        case .flipsBody: disk.corrupt(record.file, record.offset + 48, bits: 0x10)
        case .flipsHeader: disk.corrupt(record.file, record.offset + 9, bits: 0x01)
        case .zeroes: disk.zero(record.file, record.offset..<(record.offset + record.count))
        }
    }

    private func judgeRepaired(_ ensemble: RepairEnsemble) -> CaseResult {
        let expected = Dictionary(
            uniqueKeysWithValues: zxids.map { ($0, RepairFixture.payload($0)) })
        for server in servers {
            guard case .whole = ensemble.states[server], let disk = ensemble.disks[server] else {
                return .wrong("server \(server) is \(ensemble.text(server)); \(ensemble.said)")
            }
            guard RepairFixture.history(disk) == expected else {
                return .wrong("server \(server) has \(RepairFixture.history(disk).keys.sorted())")
            }
        }
        return .repaired
    }

    /// Whoever is damaged has said so and kept what it has.
    private func judgeRefused(
        _ ensemble: RepairEnsemble, _ before: [ServerID: [String: [UInt8]]]
    ) -> CaseResult {
        for server in servers {
            guard case .stopped(let text) = ensemble.states[server],
                let disk = ensemble.disks[server]
            else { return .wrong("server \(server) is \(ensemble.text(server))") }
            guard text.contains("No member has them"), text.contains(".log") else {
                return .wrong("server \(server) says \(text)")
            }
            guard content(of: disk) == before[server] else {
                return .wrong("server \(server) has changed its files")
            }
        }
        return .refused
    }

    private func content(of disk: SimulatedDisk) -> [String: [UInt8]] {
        let log = RepairEnsemble.directory.log
        var content: [String: [UInt8]] = [:]
        for name in (try? disk.list(log)) ?? [] where name.hasSuffix(".log") {
            content[name] = disk.content(of: log + "/" + name)
        }
        return content
    }
}
