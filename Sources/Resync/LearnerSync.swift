// The leader's side of a synchronization from the disk: how the learner's history can become this
// one, and the packets that make it so (docs/zab.md, "Synchronization"). Runs on a thread of its own
// beside the log's and reads only what is durable.

import DataTree
import Snapshot
import Storage
import TxnLog
import ZKWire

/// Reads the log and the snapshots of one server for its learners.
package struct LearnerSync<D: Disk>: Sendable {
    /// Packets are sent in pieces of about this size.
    private static var pieceBytes: Int { 64 * 1024 }

    private let log: TxnLogReader<D>
    private let snapshots: SnapshotReader<D>
    private let store: SnapshotStore<D>
    private let origin: SnapshotOrigin

    /// - Parameter origin: what the snapshots of the present history say they belong to.
    package init(log: TxnLogReader<D>, store: SnapshotStore<D>, origin: SnapshotOrigin) {
        self.log = log
        self.store = store
        self.origin = origin
        snapshots = store.reader
    }

    /// How a history that ends at `last` becomes this one up to `end`.
    ///
    /// - Parameters:
    ///   - end: durable and committed here.
    ///   - isApache: the learner is Apache's.
    package func plan(for last: Zxid, upTo end: Zxid, isApache: Bool = false) throws -> SyncPlan {
        let segments = try log.segments()
        guard let segment = segments.last(where: { $0.header.previous.zxid <= last }) else {
            let beginsAfter = segments.first?.header.previous.zxid ?? end
            return last == end ? .diff(after: last) : try planSnapshot(beginsAfter, upTo: end)
        }
        let common = try floor(of: last, from: segment.header.previous.zxid, upTo: end)
        if common == last { return .diff(after: last) }
        guard last.counter == 0 else {
            // Of an earlier epoch an Apache server may have a snapshot and no log. A TRUNC to what
            // its log lacks leaves everything there; Apache's leaders do not send that either.
            if !isApache || common.epoch == last.epoch { return .truncate(to: common) }
            return try planSnapshot(segments.first?.header.previous.zxid ?? .zero, upTo: end)
        }
        // An Apache server's snapshot may end where an epoch begins, at no transaction: there is
        // nothing to cut. What of that epoch is here stands on what the learner has; if nothing of
        // it is, nobody can tell what the learner has in its place.
        if try next(after: common, upTo: end)?.epoch == last.epoch { return .diff(after: common) }
        return try planSnapshot(segments.first?.header.previous.zxid ?? .zero, upTo: end)
    }

    /// Sends everything after `last` up to `end`.
    ///
    /// - Parameters:
    ///   - isFirst: begin with how: DIFF, TRUNC or SNAP.
    ///   - isTreeWanted: by SNAP, whatever the learner has.
    ///   - apacheEpochStart: the learner is Apache's, and joins the epoch that begins there. On its
    ///     disk a snapshot does not take the place of the log and of later snapshots: it must be as
    ///     of a zxid above all of them. What follows it is applied all the same.
    ///   - send: gets packets, valid during the call; blocks while the learner takes no more.
    /// - Throws: `SyncError`, or what `send` threw.
    /// - Returns: what was done, nil where it only went on.
    @discardableResult
    package func send(
        after last: Zxid, upTo end: Zxid, isFirst: Bool, isTreeWanted: Bool = false,
        apacheEpochStart: Zxid? = nil, _ send: (ByteView) throws -> Void
    ) throws -> SyncPlan? {
        do {
            guard isFirst else {
                try sendLog(after: last, upTo: end, send)
                return nil
            }
            let plan =
                isTreeWanted
                ? try planSnapshot(try logBegin ?? .zero, upTo: end)
                : try plan(for: last, upTo: end, isApache: apacheEpochStart != nil)
            let packets = ByteWriter(capacity: 64)
            switch plan {
            case .diff(let common):
                packets.writePacket(.diff, end)
                try send(packets.view)
                try sendLog(after: common, upTo: end, send)
            case .truncate(let common):
                packets.writePacket(.trunc, common)
                try send(packets.view)
                try sendLog(after: common, upTo: end, send)
            case .snapshot(let zxid):
                packets.writePacket(.snap, max(zxid, apacheEpochStart ?? zxid))
                try send(packets.view)
                try sendSnapshot(zxid, send)
                packets.removeAll()
                packets.writeSnapSignature()
                try send(packets.view)
                try sendLog(after: zxid, upTo: max(end, zxid), send)
            }
            return plan
        } catch let error as TxnLogError {
            throw SyncError.log(error)
        } catch let error as SnapshotError {
            throw SyncError.snapshot(error)
        }
    }

    // MARK: Planning

    /// After what the log begins; nil where it has no segment.
    private var logBegin: Zxid? {
        get throws { try log.segments().first?.header.previous.zxid }
    }

    /// The greatest transaction at or before `last`; one before it is known.
    private func floor(of last: Zxid, from known: Zxid, upTo end: Zxid) throws -> Zxid {
        guard known < min(last, end) else { return known }
        var common = known
        do {
            try log.replay(after: known, upTo: end) { zxid, _ in
                guard zxid <= last else { throw PassedIt() }
                common = zxid
            }
        } catch is PassedIt {}
        return common
    }

    /// The first transaction after one that is here.
    private func next(after known: Zxid, upTo end: Zxid) throws -> Zxid? {
        var found: Zxid?
        do {
            try log.replay(after: known, upTo: end) { zxid, _ in
                found = zxid
                throw PassedIt()
            }
        } catch is PassedIt {}
        return found
    }

    /// The newest snapshot of this history after which the log goes on; where that is all of the
    /// history and no snapshot is there yet, the tree that it begins with.
    private func planSnapshot(_ logBeginsAfter: Zxid, upTo end: Zxid) throws -> SyncPlan {
        for name in try store.list() where name.encoding == .lz4 {
            guard let footer = try? snapshots.footer(of: name), footer.origin == origin,
                name.zxid >= logBeginsAfter, name.zxid <= end
            else { continue }
            return .snapshot(name.zxid)
        }
        if logBeginsAfter == .zero { return .snapshot(.zero) }
        throw SyncError.noSnapshot(logBeginsAfter: logBeginsAfter)
    }

    // MARK: Sending

    private func sendSnapshot(_ zxid: Zxid, _ send: (ByteView) throws -> Void) throws {
        guard zxid == .zero else {
            return try snapshots.streamWireForm(SnapshotName(zxid: zxid), send)
        }
        let stream = ByteWriter(capacity: LearnerSync.pieceBytes)
        let walk = DataTree().beginWalk(into: stream)
        while walk.next(maximumBytes: LearnerSync.pieceBytes, into: stream) {}
        try send(stream.view[view: SnapshotFormat.streamHeaderSize..<stream.count])
    }

    private func sendLog(
        after last: Zxid, upTo end: Zxid, _ send: (ByteView) throws -> Void
    ) throws {
        let packets = ByteWriter(capacity: LearnerSync.pieceBytes + 4096)
        try log.replay(after: last, upTo: end) { zxid, payload in
            packets.writeProposal(zxid, payload: payload)
            packets.writeCommit(zxid)
            if packets.count >= LearnerSync.pieceBytes {
                try send(packets.view)
                packets.removeAll()
            }
        }
        if packets.count > 0 { try send(packets.view) }
    }
}

/// Ends a replay that has seen enough.
private struct PassedIt: Error {}
