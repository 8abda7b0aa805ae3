// From a snapshot and a log to a new data directory, as of any transaction that the two reach:
//
// 1. Everything that is used is read and verified before anything is written: the snapshot's
//    content, and the log's chain from the snapshot's point to the wanted one.
// 2. A fuzzy snapshot is a state only from its end zxid on; what would end earlier is refused.
// 3. The sources are never changed.
// 4. The new directory is a new history: an ensemble id of its own, a log that stands on the
//    restored state. A server starts from it when the restore has returned, and refuses it at any
//    moment before (`Restore+Build.swift`).

import DataTree
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

package struct RestoreRequest: Sendable {
    /// A snapshot's file, ours or Apache's; nil to begin with an empty tree and the log's
    /// beginning.
    package var snapshot: String?
    /// A directory with log files, a data directory or a backup; nil to take the snapshot alone.
    package var logs: String?
    package var to = RestorePoint.end
    /// The new directory.
    package var dataDirectory: String
    /// The server's `dataLogDir`, if it has one: new too, since a log that is already there is of
    /// another history. The restored state needs no log of its own.
    package var dataLogDirectory: String?
    /// As in `myid`; a standalone server's is 0.
    package var serverID = ServerID(rawValue: 0)
    /// The new history's id and the seed of the tree's hash, from a source of randomness.
    package var ensembleID: UInt64
    package var seed: UInt64

    package init(dataDirectory: String, ensembleID: UInt64, seed: UInt64) {
        self.dataDirectory = dataDirectory
        self.ensembleID = ensembleID
        self.seed = seed
    }
}

/// What was restored.
package struct RestoreReport: Equatable, Sendable {
    package var zxid: Zxid
    /// Of the last transaction, in milliseconds since 1970; nil if none was replayed, since a
    /// snapshot does not say.
    package var lastTime: Int64?
    /// The latest ctime or mtime of any znode.
    package var newestChangeTime: Int64
    package var replayedCount: UInt64 = 0
    /// As zkdump counts them: the root once. `mntr` counts it twice, as Apache's does.
    package var znodeCount: Int
    package var sessionCount: Int
    package var ephemeralCount: Int
    package var notes: [String] = []
}

package struct Restore<D: Disk> {
    let disk: D
    let request: RestoreRequest
    let progress: (String) -> Void

    package init(
        _ disk: D, _ request: RestoreRequest, progress: @escaping (String) -> Void = { _ in }
    ) {
        self.disk = disk
        self.request = request
        self.progress = progress
    }

    package func run() throws(MaintenanceError) -> RestoreReport {
        try checkTarget()
        let (tree, report) = try recoverState()
        progress("writing \(request.dataDirectory)")
        try build(tree)
        return report
    }

    /// The wanted state, from verified sources. Writes nothing.
    package func recoverState() throws(MaintenanceError) -> (tree: DataTree, RestoreReport) {
        let (tree, snapshot) = try loadSnapshot()
        var replay = Replay(tree, snapshot: snapshot)
        var notes: [String] = []
        if let logs = request.logs {
            var history = try History(disk, at: logs, after: snapshot)
            try replayLog(&history, into: &replay)
            if let note = history.note { notes.append(note) }
        } else {
            try takeAlone(replay)
            if snapshot?.footer == nil {
                notes.append(
                    "a snapshot of Apache's does not say whether writes went on while it was made; "
                        + "if they did, give its log with --logs")
            }
        }
        guard tree.unresolvedACLCount == 0 else {
            throw .unresolvedACLs(count: tree.unresolvedACLCount)
        }
        let report = RestoreReport(
            zxid: tree.lastProcessedZxid, lastTime: replay.lastTime,
            newestChangeTime: tree.newestChangeTime,
            replayedCount: replay.appliedCount, znodeCount: tree.nodeCount - 1,
            sessionCount: tree.sessions.count, ephemeralCount: tree.ephemeralsCount, notes: notes)
        return (tree, report)
    }

    private func loadSnapshot() throws(MaintenanceError) -> (DataTree, SnapshotDescription?) {
        guard let path = request.snapshot else { return (DataTree(seed: request.seed), nil) }
        let (directory, fileName) = split(path)
        guard let name = SnapshotName(fileName: fileName) else { throw .notSnapshot(path: path) }
        progress("reading \(path)")
        let loaded = try onSnapshots { () throws(SnapshotError) in
            try SnapshotReader(disk, directory: directory).loadTree(name, seed: request.seed)
        }
        return (loaded.tree, loaded.description)
    }

    // MARK: the wanted point

    /// The state of the snapshot itself.
    private func takeAlone(_ replay: Replay) throws(MaintenanceError) {
        let start = replay.start
        guard replay.lowest == start else {
            throw .fuzzy(
                snapshot: snapshotName, from: start, lowest: replay.lowest, reached: nil)
        }
        switch request.to {
        case .end: break
        case .zxid(let zxid):
            if zxid < start { throw beforeSnapshot(replay) }
            if zxid > start { throw .logEndsEarlier(path: nil, wanted: zxid, last: start) }
        case .time: throw timeUnknown(replay)
        }
    }

    private func replayLog(
        _ history: inout History<D>, into replay: inout Replay
    ) throws(MaintenanceError) {
        try history.check(canFollow: replay.start)
        let wanted = try findPoint(&history, replay)
        if let wanted, wanted < replay.lowest { throw beforeSnapshot(replay) }
        try checkEnd(of: history, wanted, replay)
        progress("replaying \(history.path)")
        let reached = try history.forEach(
            after: replay.start, upTo: wanted, through: replay.point
        ) { (zxid, payload) throws(DecodeError) in
            try replay.apply(zxid, payload)
        }
        // Apache's logs say where they end only now.
        guard reached.zxid >= replay.lowest else { throw tooShort(reached.zxid, replay) }
        if case .zxid(let zxid) = request.to, reached.zxid < zxid, reached.isEnd {
            throw .logEndsEarlier(path: history.path, wanted: zxid, last: reached.zxid)
        }
    }

    /// The zxid to stop at; nil to stop at the log's end.
    private func findPoint(
        _ history: inout History<D>, _ replay: Replay
    ) throws(MaintenanceError) -> Zxid? {
        switch request.to {
        case .end: return try history.end()
        case .zxid(let zxid): return zxid
        case .time(let time):
            var found: Zxid?
            progress("looking for \(request.to) in \(history.path)")
            _ = try history.forEach(after: replay.start, upTo: nil, through: replay.point) {
                (zxid, payload) throws(DecodeError) in
                var reader = JuteReader(payload)
                if try reader.readTxnHeader().time <= time { found = zxid }
            }
            if let found { return found }
            if replay.start == .zero { throw beforeSnapshot(replay) }
            // All that follows the snapshot is later; whether the snapshot itself is, the log tells
            // if it reaches back to it. The tree does not: deletions leave no time behind.
            guard let own = try history.time(of: replay.start) else { throw timeUnknown(replay) }
            guard own <= time else { throw beforeSnapshot(replay) }
            return replay.start
        }
    }

    /// What a log of ours says about its end before it is read. Damage behind the wanted point does
    /// not matter.
    private func checkEnd(
        of history: History<D>, _ wanted: Zxid?, _ replay: Replay
    ) throws(MaintenanceError) {
        guard let end = history.endIfSound() else { return }
        if end < replay.start {
            throw .logEndsEarlier(path: history.path, wanted: replay.start, last: end)
        }
        if end < replay.lowest { throw tooShort(end, replay) }
        if let wanted, wanted > end {
            throw .logEndsEarlier(path: history.path, wanted: wanted, last: end)
        }
    }

    // MARK: refusals

    private var snapshotName: String { request.snapshot ?? "the beginning of the log" }

    private func beforeSnapshot(_ replay: Replay) -> MaintenanceError {
        .beforeSnapshot(
            snapshot: snapshotName, wanted: request.to.description, lowest: replay.lowest)
    }

    private func timeUnknown(_ replay: Replay) -> MaintenanceError {
        .timeUnknown(
            snapshot: snapshotName, zxid: replay.start, wanted: request.to.description)
    }

    private func tooShort(_ reached: Zxid, _ replay: Replay) -> MaintenanceError {
        .fuzzy(
            snapshot: snapshotName, from: replay.start, lowest: replay.lowest, reached: reached)
    }
}

/// A tree under way from a snapshot's state to the wanted one.
struct Replay {
    let tree: DataTree
    /// The snapshot's zxid; zero without one.
    let start: Zxid
    /// The first zxid at which the tree is a state that existed.
    let lowest: Zxid
    /// What the log has to go through: the snapshot's account of its record at `start`.
    let point: ChainPoint?
    private(set) var appliedCount: UInt64 = 0
    private(set) var lastTime: Int64?
    private var observer = NoObserver()

    init(_ tree: DataTree, snapshot: SnapshotDescription?) {
        self.tree = tree
        start = tree.lastProcessedZxid
        lowest = snapshot?.endZxid ?? .zero
        point = snapshot?.footer.flatMap { footer in
            footer.chain == 0
                ? nil : ChainPoint(zxid: footer.startZxid, checksum: footer.chain)
        }
    }

    mutating func apply(_ zxid: Zxid, _ payload: ByteView) throws(DecodeError) {
        var reader = JuteReader(payload)
        let header = try reader.readTxnHeader()
        let txn = try reader.readTxn(type: header.type)
        tree.apply(header, txn, observer: &observer)
        appliedCount &+= 1
        lastTime = header.time
    }
}

/// A path's directory and last name.
func split(_ path: String) -> (directory: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let name = String(path[path.index(after: slash)...])
    return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
}
