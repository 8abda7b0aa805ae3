// One server's state and every decision about it: sessions, request preparation, broadcast, the
// data tree and watches, as one machine without I/O, clock, lock or await.
//
// Invariants:
//  1. A reply to a write, and a watch event, leave only after the log has reported the write durable
//     and the tree has it.
//  2. Replies of a connection leave in the order of its requests; a read never runs before an
//     earlier write of the same session has been applied (the paper, section 2.3).
//  3. Proposals are applied in zxid order, each exactly once.
//  4. Nothing here depends on the order of a Dictionary or Set.

import DataTree
import DequeModule
import ZKWire
import Zab

/// The deterministic server. A class for the identity of the memory that it owns; one loop calls it.
package final class ServerCore {
    package let configuration: CoreConfiguration
    package let tree: DataTree
    package internal(set) var sessions: SessionTracker
    package internal(set) var connections: [ConnectionID: Connection] = [:]
    package let watches: WatchTable
    package internal(set) var statistics = ServerStatistics()

    var preparer: RequestPreparer
    let access: AccessControl
    var pipeline: Pipeline
    var clock: AwakeClock
    var nextSession: SessionID
    /// The body of a reply that is being gathered while its transaction is applied.
    let replyBody = ByteWriter()
    /// Connections whose input waits until there is room, in order of arrival.
    var heldBack = Deque<ConnectionID>()
    /// Connections whose output has passed its bound.
    var overflowing: [Connection] = []
    var reaper: Reaper
    var snapshotDue: SnapshotTrigger

    /// - Parameters:
    ///   - tree: what recovery loaded, with the sessions that were alive.
    ///   - now: the start; every recovered session gets its whole time-out from here.
    package init(configuration: CoreConfiguration, tree: DataTree, now: Now) {
        self.configuration = configuration
        self.tree = tree
        clock = AwakeClock(longestGap: configuration.tick, now: now.monotonic)
        sessions = SessionTracker(granularity: configuration.tick)
        preparer = RequestPreparer(tree: tree, configuration: configuration)
        access = AccessControl(configuration)
        watches = WatchTable(seed: configuration.hashSeed)
        pipeline = Pipeline(lastZxid: tree.lastProcessedZxid)
        nextSession = SessionID.initial(
            server: configuration.serverID, wallMilliseconds: now.wallMilliseconds,
            known: tree.sessions.all.map(\.id))
        reaper = Reaper(configuration, now: now.monotonic)
        snapshotDue = SnapshotTrigger(
            txnCount: configuration.snapshotTxnCount, txnBytes: configuration.snapshotTxnBytes)
        let awake = clock.awake(now.monotonic)
        for session in tree.sessions.all {
            sessions.open(
                session.id, timeoutMilliseconds: session.timeoutMilliseconds, awake: awake)
        }
    }

    /// The one entry: something happened; what must be done about it goes to `effects`.
    package func step(_ event: Event, now: Now, into effects: inout Effects) {
        if let pause = clock.observe(now.monotonic) { effects.notices.append(.paused(pause)) }
        switch event {
        case .bytesReceived(let id, let bytes):
            handleBytes(from: id, bytes, now, &effects)
        case .appended(let zxid): handleAppended(upTo: zxid, now, &effects)
        case .turnEnded: handleTurnEnded(&effects)
        case .connectionOpened(let id, let address): handleOpened(id, address, now)
        case .connectionClosed(let id): handleClosed(id, &effects)
        case .outputDrained(let id): handleOutputDrained(id, now, &effects)
        case .outputSent(let id): handleOutputSent(id, now)
        case .tick: handleTick(now, &effects)
        case .started: closeOrphanedSessions(now, &effects)
        case .snapshotStarted(let txnCount, let txnBytes):
            snapshotDue = SnapshotTrigger(txnCount: txnCount, txnBytes: txnBytes)
        }
    }

    /// The zxid of the last transaction that the tree has.
    package var lastProcessedZxid: Zxid { tree.lastProcessedZxid }
    /// Proposals not yet applied.
    package var outstandingCount: Int { pipeline.outstandingCount }

    /// Whether nothing waits for the end of the turn.
    package var isTurnEmpty: Bool { pipeline.open.isEmpty }

    /// Milliseconds until a session expires if nothing is heard of it.
    package func timeLeft(_ session: SessionTracker.Session, now: Now) -> Int64 {
        (session.deadline - clock.awake(now.monotonic)).wholeMilliseconds
    }

    /// `srst`.
    package func resetStatistics() { statistics.reset() }

    /// `crst`.
    package func resetConnectionStatistics() {
        for connection in connections.values { connection.statistics.reset() }
    }

    /// In order of id.
    package var sortedConnections: [Connection] {
        connections.values.sorted { $0.id < $1.id }
    }
}
