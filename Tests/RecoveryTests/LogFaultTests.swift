// Section 4 of the reliability catalogue: missing segments and directories in the wrong place.
import DataTree
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

struct LogFaultTests {
    /// A directory with several log segments and a snapshot in the first of them.
    private func makeHistory() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        var server = TestServer(try Start.load(disk), seed: 11)
        try server.run(30)
        try server.snapshot()
        while server.state.log.segmentCount < 4 { try server.run(10) }
        try server.stop()
        return disk
    }

    private func segments(_ disk: SimulatedDisk) throws -> [String] {
        try disk.list(Start.log).filter { $0.hasSuffix(".log") }
    }

    @Test("S-15: a missing segment in the middle refuses the start and names the range")
    func middleSegment() throws {
        let disk = try makeHistory()
        try disk.remove(Start.log + "/" + segments(disk)[1])
        let error = try #require(Start.failure(disk))
        #expect("\(error)".contains("missing records in \(Start.log)/"))
        #expect("\(error)".contains("this server does not start until it is repaired"))
        #expect("\(error)".contains("docs/operating/recovering.md#corrupt-log"))
    }

    @Test("S-16: a missing newest segment refuses the start")
    func newestSegment() throws {
        let disk = try makeHistory()
        try disk.remove(Start.log + "/" + #require(segments(disk).last))
        #expect("\(try #require(Start.failure(disk)))".contains("missing end of the log"))
    }

    @Test("S-16: a snapshot remembers how far the log reached, if segments and watermark are gone")
    func lostLogEnd() throws {
        let disk = try makeHistory()
        let state = try Start.load(disk)
        var server = TestServer(state, seed: 12)
        let footer = try server.snapshot()
        try server.stop()
        for name in try disk.list(Start.log) where name != "lock" {
            try disk.remove(Start.log + "/" + name)
        }
        let error = try #require(Start.failure(disk))
        guard case .lostLogEnd(_, footer.endZxid, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect("\(error)".hasSuffix("docs/operating/recovering.md#missing-segment"))
    }

    @Test("S-16: a log's directory that is not there refuses the start, before any snapshot too")
    func missingLogDirectory() throws {
        let disk = SimulatedDisk()
        let directory = DataDirectory("data", dataLog: "logs")
        for path in ["data", "logs"] { try disk.createDirectory(path) }
        var state = try Recovery(disk, directory, Start.configuration()).load()
        try state.log.close()
        state.lock.release()
        // dataLogDir was forgotten: this is no server that nobody has written to.
        #expect(Start.failure(disk) == .missingLog(path: Start.log))
        #expect(!disk.exists(Start.log))
        state = try Recovery(disk, directory, Start.configuration()).load()
        #expect(state.report.lastZxid == .zero)
    }

    @Test("S-28: another server's directory is refused")
    func otherServer() throws {
        let disk = try makeHistory()
        #expect(
            Start.failure(disk, server: 3)
                == .wrongServer(
                    path: "data/zknode", stored: ServerID(rawValue: 0),
                    configured: ServerID(rawValue: 3)))
    }

    @Test("S-29: another ensemble's directory is refused where the ensemble is known")
    func otherEnsemble() throws {
        let disk = try makeHistory()
        var configuration = Start.configuration()
        configuration.ensembleID = 0xBAD
        #expect(
            throws: RecoveryError.wrongEnsemble(
                path: "data/zknode", stored: Start.ensembleID, configured: 0xBAD)
        ) {
            _ = try Recovery(disk, Start.directory, configuration).load().report
        }
    }

    @Test("S-26, S-27: with log or snapshots and no meta, the start is refused")
    func lostMeta() throws {
        for hasLog in [true, false] {
            let disk = try makeHistory()
            for name in ["meta-a", "meta-b"] { try disk.remove("data/zknode/" + name) }
            if !hasLog {
                for name in try segments(disk) { try disk.remove(Start.log + "/" + name) }
            }
            guard case .meta(.lost) = Start.failure(disk) else {
                Issue.record("the start was not refused")
                return
            }
        }
    }

    @Test("S-36: a directory that another process has is refused, and free after a failed start")
    func inUse() throws {
        let disk = SimulatedDisk()
        let state = try Start.load(disk)
        #expect(Start.failure(disk) == .inUse(path: "data/zknode"))
        try state.log.close()
        state.lock.release()
        guard case .wrongServer = Start.failure(disk, server: 2) else {
            Issue.record("the start was not refused")
            return
        }
        _ = try Start.load(disk)
    }
}
