// Read-only mode: a member that finds no leader for a while serves reads to clients that accept it
// (Apache `ReadOnlyZooKeeperServer`). Their sessions are local ones, since no other can be made.

import ZKWire
import Zab

extension ServerCore {
    /// Whether requests are taken at all, be it only reads.
    @inline(__always)
    var isAnswering: Bool { isServing || isReadOnly }

    /// Looking takes long: the others may be out of reach.
    func followQuorumLoss(_ now: Now, _ effects: inout Effects) {
        guard let grace = configuration.readOnlyGrace, !isReadOnly,
            digests.standing != .refused, let lookingSince,
            now.monotonic - lookingSince > grace
        else { return }
        // Differs from ZooKeeper, which shows the whole log: what no quorum is known to have may be
        // undone, and a client that has seen it is refused everywhere else (D22).
        guard hasServed, lastProcessedZxid <= peer.assured else {
            self.lookingSince = nil
            return effects.notices.append(
                .readOnlyWithheld(lastProcessedZxid, assured: peer.assured))
        }
        endClients(.notServing, &effects)
        isReadOnly = true
        sessions.renewLocal(awake: clock.awake(now.monotonic))
        effects.notices.append(.readOnlyBegan(lastProcessedZxid))
        resumeHeldBack(now, &effects)
    }

    /// Somebody leads, or this server may: all clients connect anew and find who serves them whole.
    func endReadOnly(_ effects: inout Effects) {
        isReadOnly = false
        endClients(.readOnlyEnded, &effects)
        effects.notices.append(.readOnlyEnded)
    }

    /// A session of the ensemble goes on where there is a leader, and waits for one until then.
    func canResumeReadOnly(_ id: SessionID) -> Bool { tree.sessions.timeout(of: id) == nil }
}
