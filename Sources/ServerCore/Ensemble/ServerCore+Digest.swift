// Whether this server has what its leader has: the digest that a leader states with each
// transaction against the tree's own (docs/zab.md, "Digests").
//
// The history is not in doubt, what was made of it is: so a server that differs keeps its log and
// its vote, and only its tree goes.

import DataTree
import ZKWire
import Zab

extension ServerCore {
    /// The tree's digest after every 128th transaction (`hash`).
    package var digestLog: [ZxidDigest] { Array(digests.log) }

    /// In an ensemble, unless it is switched off. A server alone has nobody to compare with.
    var isDigestWanted: Bool { configuration.isTreeDigestEnabled && memberCount > 1 }

    /// A snapshot of a tree that differs would take the place of one that does not.
    var isTreeWorthKeeping: Bool {
        switch digests.standing {
        case .unknown, .trusted: true
        case .suspect, .refused: false
        }
    }

    /// Recovery may have loaded the tree without: then it costs a walk here.
    func keepDigest() {
        if isDigestWanted {
            if !tree.isDigestKept { tree.keepDigest() }
        } else if tree.isDigestKept {
            tree.dropDigest()
        }
    }

    /// - Parameter payload: what follows the transaction that was just applied.
    @inline(__always)
    func checkDigest(
        _ zxid: Zxid, _ payload: inout JuteReader, _ now: Now, _ effects: inout Effects
    ) {
        guard tree.isDigestKept, digests.standing != .unknown else { return }
        compareDigest(zxid, try? payload.readTxnDigest(), now, &effects)
    }

    private func compareDigest(
        _ zxid: Zxid, _ stated: TxnDigest?, _ now: Now, _ effects: inout Effects
    ) {
        guard let own = tree.digestValue else { return }
        digests.note(zxid, own)
        guard let stated, stated.version == NodeDigest.version else { return }
        if stated.treeDigest == own {
            // What was wrong may be overwritten by now, or may not: a suspect stays one.
            if digests.standing == .trusted { digests.remedy = .none }
            return
        }
        statistics.digestMismatches += 1
        if digests.takeAlarm(now.monotonic) {
            effects.notices.append(
                .digestMismatch(zxid, stated: stated.treeDigest, own: own))
        }
        if digests.isRequestDue(now.monotonic) { digests.standing = .suspect }
        if digests.standing == .trusted { digests.standing = .suspect }
    }

    // MARK: What follows

    /// With another leader the comparison begins anew: what this server's tree was beside the last
    /// one's says nothing of it. And who is synced has a tree that its transactions made: all that a
    /// snapshot may be ahead of is applied.
    func noteLeader() {
        if let leader = role.leader(configuration.serverID) { digests.begin(with: leader) }
        if role.isServing { digests.trust() }
    }

    /// Takes a server whose tree differs out of service: its tree is loaded from the disk again, and it
    /// comes back to its leader with that. Where that has not helped, it serves no clients until its
    /// leader has sent it a snapshot; where that has not helped either, until there is another leader.
    func leaveService(_ now: Now, _ effects: inout Effects) {
        if role.isLeading { return handOverAsSuspect(now, &effects) }
        switch digests.remedy {
        case .none:
            let reason = "the tree is not what the leader has"
            guard peer.reloadTree(reason, now: now.monotonic, into: &effects.zab) else { return }
            digests.remedy = .reloaded
            digests.standing = .unknown
        case .reloaded, .asked:
            refuseService(now, &effects)
            guard peer.askForTree(now: now.monotonic, into: &effects.zab) else { return }
            digests.noteRequest(now.monotonic)
        case .resynchronized: return refuseService(now, &effects)
        }
        followPeer(now, &effects)
    }

    private func refuseService(_ now: Now, _ effects: inout Effects) {
        if digests.remedy != .asked { effects.notices.append(.treeRefused) }
        digests.standing = .refused
        isServing = false
        idleSince = now.monotonic
        endClients(.notServing, &effects)
    }

    /// What this server stated with its proposal is not what that became here: which of the two is
    /// right is for the others to find out, under another leader.
    private func handOverAsSuspect(_ now: Now, _ effects: inout Effects) {
        guard isLeader, !digests.hasHandedOver else { return }
        digests.hasHandedOver = true
        peer.step(.handOver, now: now.monotonic, into: &effects.zab)
        followPeer(now, &effects)
    }
}

extension Role {
    /// Whose history this server follows; nil while it looks.
    fileprivate func leader(_ own: ServerID) -> ServerID? {
        switch self {
        case .looking: nil
        case .leading: own
        case .following(let leader, _), .observing(let leader, _): leader
        }
    }
}
