// The server's part in the ensemble: what the peer decides takes effect here. Which requests are
// taken, who watches over the sessions, and what becomes of requests that a change of leaders
// overtakes (docs/zab.md, "Sessions").

import DataTree
import ZKWire
import Zab

extension ServerCore {
    func handleZab(_ event: ZabEvent, _ now: Now, _ effects: inout Effects) {
        if case .packet(let link, let packet) = event {
            guard packet.hasReadableTxn else {
                effects.zab.close.append((link, .malformed("transaction \(packet.zxid)")))
                return
            }
            let sender = peer.receive(
                packet, on: link, now: now.monotonic, into: &effects.zab)
            if let sender { handlePacket(packet, from: sender, link, now, &effects) }
        } else {
            if case .linkClosed(let link) = event { syncs.forget(link) }
            peer.step(event, now: now.monotonic, into: &effects.zab)
        }
        for (link, _) in effects.zab.close { syncs.forget(link) }
        followPeer(now, &effects)
    }

    /// Brings tree and role up to what the peer has decided. The tree first: a new role begins with
    /// everything that is committed.
    func followPeer(_ now: Now, _ effects: inout Effects) {
        applyCommitted(now, &effects)
        if peer.role != role { followRole(now, &effects) }
        if digests.standing == .suspect { leaveService(now, &effects) }
        if syncs.count > 0 { takeConfirmedSyncs(&effects) }
        if !afterApply.isEmpty { carryOutDue(now, &effects) }
        resumeHeldBack(now, &effects)
    }

    private func followRole(_ now: Now, _ effects: inout Effects) {
        role = peer.role
        noteLeader()
        isLeader = role.isEstablishedLeader
        isServing =
            role.isServing && digests.standing != .refused
            && !isReservedForLeading
        if role.isServing { hasServed = true }
        lookingSince = role == .looking ? now.monotonic : nil
        if isReadOnly, role != .looking { endReadOnly(&effects) }
        if hasLed, !role.isLeading || isLeader { leaveLeadership(&effects) }
        resuming.removeAll()
        syncs.forgetAsked()
        afterApply.forgetAsked()
        if isLeader { becomeLeader(now, &effects) }
        if isServing {
            serve(now, &effects)
        } else {
            if isReservedForLeading { endClients(.leaderServesNobody, &effects) }
            if idleSince == nil { idleSince = now.monotonic }
        }
    }

    private func serve(_ now: Now, _ effects: inout Effects) {
        idleSince = nil
        // What this server gave out before it was started may have come only now.
        nextSession = nextSession.above(
            tree.sessions.all.map(\.id), salt: configuration.hashSeed)
        sessions.renewLocal(awake: clock.awake(now.monotonic))
        askAnew(now, &effects)
    }

    /// What is in flight may become part of the history or not, and nobody will tell this server
    /// which: clients that wait for that are sent away. The others stay.
    private func leaveLeadership(_ effects: inout Effects) {
        hasLed = false
        preparer.forget(tree)
        for connection in sortedConnections where connection.isOwedWrite {
            close(connection, .leadershipLost, &effects)
        }
        sessions.stopExpiring()
    }

    /// Every session of the ensemble gets its whole time-out from here.
    private func becomeLeader(_ now: Now, _ effects: inout Effects) {
        hasLed = true
        leaderSince = now.monotonic
        proposed = Outstanding(largeAbove: configuration.largeRequestBytes)
        lastProposed = peer.history.last
        let awake = clock.awake(now.monotonic)
        for session in tree.sessions.all where sessions[session.id] == nil {
            sessions.open(
                session.id, timeoutMilliseconds: session.timeoutMilliseconds, awake: awake)
        }
        sessions.startExpiring(awake: awake)
        closeOrphanedSessions(now, &effects)
    }

    /// Whether this server leads and is to do nothing else (`leaderServes`).
    package var isReservedForLeading: Bool { isLeader && !configuration.leaderServesClients }

    // MARK: Another tree

    /// A leader's snapshot holds what happened while this server was behind, without telling it:
    /// neither which watches would have fired nor which writes of its clients are in it. They
    /// connect anew, here or elsewhere, and set their watches again.
    func handleTreeReplaced(_ tree: DataTree, _ effects: inout Effects) {
        endClients(.treeReplaced, &effects)
        self.tree = tree
        tree.defects = configuration.defects
        keepDigest()
        preparer.forget(tree)
        digests.replaced()
    }

    func endClients(_ reason: CloseReason, _ effects: inout Effects) {
        for connection in sortedConnections where connection.phase != .new {
            close(connection, reason, &effects)
        }
    }

    // MARK: Without a leader

    /// Clients wait for an election; where it takes long, another server may serve them.
    func closeIdle(_ now: Now, _ effects: inout Effects) {
        guard isIdleTooLong(now) else { return }
        for connection in sortedConnections where connection.phase != .new || connection.isHeldBack {
            close(connection, .notServing, &effects)
        }
    }

    func isIdleTooLong(_ now: Now) -> Bool {
        if isReservedForLeading { return true }
        guard let idleSince, !isReadOnly else { return false }
        return now.monotonic - idleSince > configuration.idleGrace
    }
}

extension Role {
    /// Whether this server leads, is about to, or hands over.
    var isLeading: Bool { if case .leading = self { true } else { false } }
}

extension Connection {
    fileprivate var isOwedWrite: Bool {
        pending.contains { if case .write = $0 { true } else { false } }
    }
}

extension QuorumPacket {
    /// What comes to be applied cannot fail then: a transaction is looked at before the protocol, to
    /// which its bytes mean nothing, takes it.
    fileprivate var hasReadableTxn: Bool {
        switch type {
        case .proposal, .inform:
            guard let data, let payload = try? ProposalPayload(data) else { return false }
            return payload.header.zxid == zxid
        default: return true
        }
    }
}
