// What time brings: sessions that expire, containers and TTL znodes that are reaped.

import DataTree
import ZKWire
import Zab

extension ServerCore {
    func handleTick(_ now: Now, _ effects: inout Effects) {
        handleZab(.tick, now, &effects)
        if isLeader || isAnswering { expireSessions(now, &effects) }
        if isLeader {
            reap(now, &effects)
            ended.forget(olderThan: staleAfter, now: now.monotonic)
        }
        followQuorumLoss(now, &effects)
        closeSilent(now, &effects)
        closeIdle(now, &effects)
        if isTreeWorthKeeping, snapshotDue.tick(now: now.monotonic) {
            effects.isSnapshotDue = true
        }
    }

    private func expireSessions(_ now: Now, _ effects: inout Effects) {
        let awake = clock.awake(now.monotonic)
        for session in sessions.expired(awake: awake) {
            if let connection = session.connection, isKeptWaiting(connection) {
                sessions.renew(session, awake: awake)
                continue
            }
            statistics.sessionsExpired += 1
            effects.notices.append(
                .sessionExpired(session.id, timeoutMilliseconds: session.timeoutMilliseconds))
            if session.isLocal {
                end(session, isOwnRequest: false, &effects)
            } else {
                proposeCloseSession(session, xid: 0, now, &effects)
            }
        }
    }

    /// What a learner still forwards cannot be older: it would have been given up.
    private var staleAfter: Duration {
        peer.configuration.tick * peer.configuration.syncLimit * 2
    }

    /// Whether the client's silence proves nothing, since it is the server that is slow (its disk,
    /// say): the connect request is not answered yet, or the connection is not read for want of
    /// room. One that does not take its replies is another matter.
    private func isKeptWaiting(_ connection: Connection) -> Bool {
        connection.phase == .connecting
            || connection.isHeldBack && connection.output.count <= ServerCore.outputHighWaterBytes
    }

    /// A connection that asks for nothing costs a descriptor and is not kept.
    private func closeSilent(_ now: Now, _ effects: inout Effects) {
        let limit = configuration.sessionlessTimeout
        let silent = connections.values.filter {
            $0.phase == .new && now.monotonic - $0.openedAt > limit
        }
        for connection in silent.sorted(by: { $0.id < $1.id }) {
            close(connection, .limit("no session after \(limit)"), &effects)
        }
    }

    private func reap(_ now: Now, _ effects: inout Effects) {
        guard let allowance = reaper.allowance(now.monotonic) else { return }
        var paths: [[UInt8]] = []
        tree.reapCandidates(
            now: now.wallMilliseconds, neverUsedMilliseconds: reaper.neverUsedMilliseconds
        ) { path in
            if paths.count < allowance { paths.append([UInt8](path)) }
        }
        for path in paths where !isChanging(path) {
            let request = ByteWriter(capacity: path.count + 4)
            request.writeBuffer(path)
            var body = JuteReader(request.view)
            propose(.deleteContainer, &body, .server, .none, xid: 0, now, &effects)
        }
    }

    /// Whether something in flight touches the znode: by then it may be another one, in use, or
    /// changed just now. If it is not, the next check finds it.
    private func isChanging(_ path: [UInt8]) -> Bool {
        path.withByteView { preparer.overlay.record($0) != nil }
    }

    /// Ephemerals whose session is not among the recovered ones go: their session was closed by a
    /// transaction that the snapshot has and the ephemerals came from a fuzzier part of it.
    func closeOrphanedSessions(_ now: Now, _ effects: inout Effects) {
        for id in tree.sessionsWithEphemerals where sessions[id] == nil {
            proposeCloseSession(id, xid: 0, now, &effects)
        }
    }
}
