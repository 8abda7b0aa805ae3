// One server's state and every decision about it: sessions, request preparation, broadcast (`Peer`),
// the data tree and watches, as one machine without I/O, clock, lock or await.
//
// Invariants:
//  1. A reply to a write, and a watch event, leave only after a quorum and the own log have the
//     write on stable storage and the tree has it.
//  2. Replies of a connection leave in the order of its requests; a read never runs before an
//     earlier write of the same session has been applied (the paper, section 2.3).
//  3. Proposals are applied in zxid order, each exactly once.
//  4. Only an established leader proposes, expires and reaps; only a server that serves takes
//     requests. A request is proposed by this server or forwarded to its leader, never both, and
//     again only where it cannot be committed any more otherwise.
//  5. Nothing here depends on the order of a Dictionary or Set.

import DataTree
import DequeModule
import ZKWire
import Zab

/// The deterministic server. A class for the identity of the memory that it owns; one loop calls it.
package final class ServerCore {
    package let configuration: CoreConfiguration
    package let peer: Peer
    package internal(set) var tree: DataTree
    /// The live sessions: at an established leader those of the ensemble, elsewhere those of the
    /// clients that are connected here.
    package internal(set) var sessions: SessionTracker
    package internal(set) var connections: [ConnectionID: Connection] = [:]
    package let watches: WatchTable
    package internal(set) var statistics = ServerStatistics()

    var preparer: RequestPreparer
    let access: AccessControl
    var clock: AwakeClock
    var nextSession: SessionID
    /// The body of a reply that is being gathered while its transaction is applied.
    let replyBody = ByteWriter()
    /// Connections whose input waits until there is room, in order of arrival.
    var heldBack = Deque<ConnectionID>()
    /// Connections whose output has passed its bound.
    var overflowing: [Connection] = []
    /// Writes of this server's clients whose replies are owed, by connections that are still there.
    var outstanding: Outstanding
    /// At a leader: transactions proposed and not applied, whoever's.
    var proposed: Outstanding
    var lastProposed = Zxid.zero
    var reaper: Reaper
    /// At a leader of servers with local sessions.
    var ended = EndedSessions()
    var snapshotDue: SnapshotTrigger
    var digests = DigestCheck()

    /// The role that everything here is arranged for; follows the peer's (`followRole`).
    package internal(set) var role = Role.looking
    /// Of `role`, since both are asked for each request.
    var isServing = false
    var isLeader = false
    /// Nobody leads, and clients that accept it are served reads.
    package internal(set) var isReadOnly = false
    /// This process has served before, so that the tree is known to be worth reading.
    var hasServed = false
    /// Since when this server looks for a leader.
    var lookingSince: Instant?
    /// Leads or has led, and what it proposed may still be committed by it: so while it hands over.
    var hasLed = false
    /// When this server was last established as the leader.
    var leaderSince: Instant?
    /// Since when nobody is served; nil while clients are.
    var idleSince: Instant?
    var syncs = SyncQueue()
    var afterApply = AppliedQueue()
    /// At a learner: the connections by which clients have come with a session, until the leader has
    /// said whether it lives.
    var resuming: [SessionID: ConnectionID] = [:]
    /// Of the ensemble; 1 for a standalone server.
    let memberCount: Int

    /// - Parameters:
    ///   - durable: what the disk has of the server's promises and of the history.
    ///   - tree: what recovery loaded, with the sessions that were alive.
    package init(
        configuration: CoreConfiguration, zab: ZabConfiguration, durable: DurableState,
        tree: DataTree, now: Now
    ) {
        self.configuration = configuration
        self.tree = tree
        peer = Peer(zab, durable, now: now.monotonic)
        clock = AwakeClock(longestGap: configuration.tick, now: now.monotonic)
        sessions = SessionTracker(granularity: configuration.tick)
        preparer = RequestPreparer(tree: tree, configuration: configuration)
        access = AccessControl(configuration)
        watches = WatchTable(seed: configuration.hashSeed)
        outstanding = Outstanding(largeAbove: configuration.largeRequestBytes)
        proposed = Outstanding(largeAbove: configuration.largeRequestBytes)
        nextSession = SessionID.initial(
            server: configuration.serverID, wallMilliseconds: now.wallMilliseconds,
            known: tree.sessions.all.map(\.id), salt: configuration.hashSeed)
        reaper = Reaper(configuration, now: now.monotonic)
        snapshotDue = SnapshotTrigger(
            txnCount: configuration.snapshotTxnCount, txnBytes: configuration.snapshotTxnBytes,
            replayed: configuration.replayedTxnCount)
        idleSince = now.monotonic
        lookingSince = now.monotonic
        memberCount = zab.membership.voters.count + zab.membership.observers.count
        keepDigest()
        tree.defects = configuration.defects
    }

    /// The one entry: something happened; what must be done about it goes to `effects`.
    package func step(_ event: Event, now: Now, into effects: inout Effects) {
        if let pause = clock.observe(now.monotonic) { effects.notices.append(.paused(pause)) }
        switch event {
        case .bytesReceived(let id, let bytes):
            handleBytes(from: id, bytes, now, &effects)
        case .zab(let event): handleZab(event, now, &effects)
        case .turnEnded: handleTurnEnded(now, &effects)
        case .connectionOpened(let id, let address): handleOpened(id, address, now)
        case .connectionClosed(let id): handleClosed(id, &effects)
        case .outputDrained(let id): handleOutputDrained(id, now, &effects)
        case .outputReceived(let id): handleOutputReceived(id, now)
        case .tick: handleTick(now, &effects)
        case .started: handleZab(.started, now, &effects)
        case .treeReplaced(let tree): handleTreeReplaced(tree, &effects)
        case .snapshotStarted(let txnCount, let txnBytes):
            snapshotDue.begin(txnCount: txnCount, txnBytes: txnBytes)
        case .snapshotWalked(let bytes): snapshotDue.walked(bytes: bytes)
        }
    }

    /// The zxid of the last transaction that the tree has.
    package var lastProcessedZxid: Zxid { tree.lastProcessedZxid }
    /// Transactions not yet applied.
    package var outstandingCount: Int { peer.outstandingCount }

    /// Whether nothing waits for the end of the turn.
    package var isTurnEmpty: Bool { peer.isFlushed }

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
