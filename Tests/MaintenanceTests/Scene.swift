import DataTree
import Maintenance
import Recovery
import Snapshot
import Storage
import Testing
import TxnLog
import ZKWire

/// A server's directory with several snapshots and segments, and every state it went through.
struct Scene {
    let disk: SimulatedDisk
    /// The tree's dump after each transaction.
    let history: [Int64: [String]]
    /// The snapshots' footers, oldest first.
    let footers: [SnapshotFooter]
    let last: Zxid
    /// Held if the server is taken to run.
    var lock: (any DiskLock)?

    static let ensembleID: UInt64 = 0xE5E5
    static let source = DataDirectory("data")

    /// - Parameter isStopped: whether the server has ended; else it is as if it ran.
    static func make(
        seed: UInt64, snapshots: Int = 3, steps: Int = 40, isStopped: Bool = true
    ) throws -> Scene {
        let disk = SimulatedDisk()
        var server = TestServer(try load(disk), seed: seed)
        server.history = [:]
        var footers: [SnapshotFooter] = []
        try server.run(steps)
        for _ in 0..<snapshots {
            footers.append(try server.snapshot())
            server.state.log.roll()
            try server.run(steps)
        }
        let last = server.state.log.lastZxid
        if isStopped { try server.stop() }
        return Scene(
            disk: disk, history: server.history ?? [:], footers: footers, last: last,
            lock: isStopped ? nil : server.state.lock)
    }

    static func load<D: Disk>(
        _ disk: D, _ directory: DataDirectory = source
    ) throws(RecoveryError) -> RecoveredState<D> {
        var configuration = RecoveryConfiguration(
            serverID: ServerID(rawValue: 0), newEnsembleID: ensembleID, seed: 1)
        configuration.segmentSizeBytes = 16 << 10
        return try Recovery(disk, directory, configuration).load()
    }

    /// What a server finds that starts from a directory; ends it again.
    static func dump<D: Disk>(_ disk: D, at path: String) throws -> [String] {
        let state = try load(disk, DataDirectory(path))
        defer { state.lock.release() }
        let dump = state.tree.dump()
        state.tree.checkInvariants()
        try state.log.close()
        return dump
    }

    func snapshotPath(_ index: Int) -> String { Scene.path(footers[index].startZxid) }

    static func path(_ zxid: Zxid, below root: String = "data") -> String {
        "\(root)/zknode/snapshot/" + SnapshotName(zxid: zxid).fileName
    }

    func request(
        _ snapshot: Int?, logs: String? = "data", to: RestorePoint = .end, target: String = "new"
    ) -> RestoreRequest {
        var request = RestoreRequest(dataDirectory: target, ensembleID: 0xBEEF, seed: 7)
        request.snapshot = snapshot.map { snapshotPath($0) }
        request.logs = logs
        request.to = to
        return request
    }

    /// Every file below a directory, with its content.
    func files(below root: String = "data") -> [String: [UInt8]] { Scene.files(disk, root) }

    static func files(_ disk: SimulatedDisk, _ root: String) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in (try? disk.list(root)) ?? [] {
            let path = root + "/" + name
            if let content = disk.content(of: path) {
                found[path] = content
            } else {
                found.merge(files(disk, path)) { one, _ in one }
            }
        }
        return found
    }

    /// Time of a transaction, as the test's server makes it.
    static func time(_ zxid: Int64) -> Int64 { 1_700_000_000_000 + zxid }
}

/// The error of something that has to fail; nil if it did not.
func failure<T>(_ body: () throws(MaintenanceError) -> T) -> MaintenanceError? {
    do throws(MaintenanceError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
