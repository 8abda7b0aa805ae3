// The transactions of a directory of logs, ours or Apache's, read for a restore. Nothing there is
// changed: our log is opened through an overlay, so that the same code decides about its end that
// decides at a start.

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// A log to restore from.
struct History<D: Disk> {
    private enum Source {
        case own(OwnLog<D>)
        case apache(ApacheDirectory<D>)
    }

    /// The directory that has the files.
    let path: String
    private let source: Source
    /// Something about the log's end that the operator should know.
    private(set) var note: String?

    /// - Parameters:
    ///   - given: the directory of the files, a data directory or a backup.
    ///   - snapshot: what the log is to continue; nil to begin with nothing.
    init(
        _ disk: D, at given: String, after snapshot: SnapshotDescription?
    ) throws(MaintenanceError) {
        if let path = try Self.first([given, given + "/log", given + "/zknode/log"], disk, isOwn) {
            self.path = path
            let log = try OwnLog(disk, path, origin: snapshot?.footer?.origin)
            source = .own(log)
            note = log.note
        } else if let path = try Self.first([given, given + "/version-2"], disk, isApache) {
            if let snapshot, snapshot.footer != nil {
                throw .foreignLogs(path: path, snapshot: snapshot.name.fileName)
            }
            self.path = path
            source = .apache(ApacheDirectory(disk, snapshots: path, logs: path))
        } else {
            throw .noLogs(path: given)
        }
    }

    private static func first(
        _ paths: [String], _ disk: D, _ isWanted: (String) -> Bool
    ) throws(MaintenanceError) -> String? {
        for path in paths where disk.exists(path) {
            let names = try onDisk { () throws(DiskError) in try disk.list(path) }
            if names.contains(where: isWanted) { return path }
        }
        return nil
    }

    /// Checks that a replay after `start` is possible as far as the beginning tells.
    func check(canFollow start: Zxid) throws(MaintenanceError) {
        if case .own(let log) = source, log.startsAfter > start {
            throw .logBeginsLater(path: path, needed: start, first: log.startsAfter)
        }
    }

    /// Where the log ends; nil if only reading it tells.
    func end() throws(MaintenanceError) -> Zxid? {
        guard case .own(let log) = source else { return nil }
        return try onLog(path) { () throws(TxnLogError) in try log.end.get() }
    }

    /// The same, and nil where the log's end is damaged: what lies before may still be wanted.
    func endIfSound() -> Zxid? {
        guard case .own(let log) = source else { return nil }
        return try? log.end.get()
    }

    /// When a transaction was made; nil if the log does not reach back to it.
    mutating func time(of zxid: Zxid) throws(MaintenanceError) -> Int64? {
        if case .own(let log) = source, log.startsAfter >= zxid { return nil }
        var time: Int64?
        do throws(MaintenanceError) {
            _ = try forEach(after: Zxid(rawValue: zxid.rawValue - 1), upTo: zxid) {
                (_, payload) throws(DecodeError) in
                var reader = JuteReader(payload)
                time = try reader.readTxnHeader().time
            }
        } catch {
            // Apache's first record says where its log begins.
            guard case .recovery(.apacheGap) = error else { throw error }
        }
        return time
    }

    struct Reached: Equatable {
        /// The last transaction handed over; the start if there was none.
        var zxid: Zxid
        /// The log has no transaction after it.
        var isEnd: Bool
    }

    /// Calls `body` with each transaction after `start` up to `end` (to the log's end if that is
    /// nil), in order, each verified and linked to the one before.
    mutating func forEach(
        after start: Zxid, upTo end: Zxid?, through point: ChainPoint? = nil,
        _ body: (Zxid, ByteView) throws(DecodeError) -> Void
    ) throws(MaintenanceError) -> Reached {
        switch source {
        case .own(let log):
            let logEnd = try onLog(path) { () throws(TxnLogError) in
                if let end { end } else { try log.end.get() }
            }
            return try log.forEach(after: start, upTo: logEnd, through: point, path: path, body)
        case .apache(let directory):
            let reached = try onRecovery { () throws(RecoveryError) in
                try directory.forEachTransaction(
                    after: start, upTo: end ?? Zxid(rawValue: .max), body)
            }
            if let torn = reached.tornTail {
                note = "left out the unfinished record at the end of \(torn): never acknowledged"
            }
            return Reached(zxid: reached.lastZxid, isEnd: !reached.hasMore)
        }
    }
}

/// Whether a directory with this file in it is one of our logs.
private func isOwn(_ name: String) -> Bool {
    name == "watermark" || (name.utf8.count == 20 && name.hasSuffix(".log"))
}

private func isApache(_ name: String) -> Bool {
    name.hasPrefix("log.") && UInt64(name.dropFirst(4), radix: 16) != nil
}
