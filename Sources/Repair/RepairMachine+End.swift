// Where a history ends: what may be dropped, and who has to say so. Weights and groups count as in
// elections (`Membership`).

import ZKWire
import Zab

extension RepairMachine {
    /// Whether the last transaction of `hole` cannot have been committed:
    ///
    /// - a member whose currentEpoch is a later one than this server's does not have it: such a
    ///   history begins with everything that was ever committed in earlier epochs; or
    /// - so many do not have it that the others are no quorum, and nobody leads or follows, so that
    ///   no leader counts what this server acknowledged before it was damaged.
    func isRefuted(_ hole: ZxidSpan) -> Bool {
        // A snapshot has only what is committed.
        guard damage.snapshotsReach <= hole.after else { return false }
        let lacking = peers.filter { $0.hasWhole(hole) }
        if lacking.contains(where: { isLater($0) }) { return true }
        return isDecisive(lacking) && hasEveryVoterAnswered(hole)
    }

    private func isLater(_ peer: RepairPeer) -> Bool {
        (peer.status?.currentEpoch ?? damage.currentEpoch) > damage.currentEpoch
    }

    /// Whether those who are not among `peers`, this server included, are no quorum.
    private func isDecisive(_ peers: [RepairPeer]) -> Bool {
        let membership = settings.membership
        let without = Set(peers.map(\.id))
        return !membership.isQuorum(
            ServerSet(membership.sortedVoters.filter { !without.contains($0) }))
    }

    /// Every other voter has, and none of them leads or follows: whoever led when this server was
    /// last heard of leads that epoch never again. What the first of them lacked it may have got from
    /// the last one before that answered: so each has to say once more that it looks and has nothing
    /// new (which forgets its answers otherwise), asked after all have answered.
    private func hasEveryVoterAnswered(_ span: ZxidSpan) -> Bool {
        let voters = settings.membership.sortedVoters.filter { $0 != settings.own }
        let answers = voters.compactMap { peer($0)?.answer(for: span)?.at }
        guard answers.count == voters.count else { return false }
        let latest = answers.max()
        return voters.allSatisfy { voter in
            guard let peer = peer(voter), peer.isConnected, peer.hasAnswered(span),
                let since = peer.statusSince, latest.map({ $0 <= since }) ?? true
            else { return false }
            return peer.status?.state == .looking || peer.status?.state == .repairing
        }
    }

    /// Everything after `zxid` goes: it is not committed. What follows in its place may be.
    mutating func drop(after zxid: Zxid, _ effects: inout [RepairEffect]) {
        effects.append(
            .say("what follows zxid \(zxid) was never committed, and is left out"))
        damage.runs = damage.runs.compactMap { run in
            guard run.after < zxid else { return nil }
            return ZxidSpan(after: run.after, through: min(run.through, zxid))
        }
        damage.end = .suspect(after: zxid)
    }

    /// Finds out whether anything follows the last transaction that is known of.
    /// - Returns: whether the end is known now; otherwise others have to say something first, or a
    ///   leader has to help.
    mutating func settleEnd(_ now: Instant, _ effects: inout [RepairEffect]) -> Bool {
        guard case .suspect(let last) = damage.end else { return true }
        // What later epochs have is theirs.
        let tail = ZxidSpan(
            after: last, through: Zxid(epoch: damage.currentEpoch, counter: .max))
        guard !tail.isEmpty else {
            damage.end = .known(last)
            return true
        }
        wanted = [tail]
        let unasked = peers.filter { $0.isReady && !$0.hasAnswered(tail) }
        for peer in unasked { ask(peer.id, .txns(tail), &effects) }
        if let end = laterEnd(after: last, tail) ?? agreedEnd(after: last, tail) {
            damage.end = .known(end)
            return true
        }
        if unasked.isEmpty { waitForLeader(now, &effects) }
        return false
    }

    /// The end as a member says whose history has all that was committed in the epochs up to this
    /// server's own.
    private func laterEnd(after last: Zxid, _ tail: ZxidSpan) -> Zxid? {
        guard let peer = peers.first(where: { $0.hasWhole(tail) && isLater($0) }),
            let answer = peer.answer(for: tail)
        else { return nil }
        return answer.firstPrevious == last ? answer.last ?? last : last
    }

    /// The end, if so many have nothing beyond it that the others are no quorum.
    private func agreedEnd(after last: Zxid, _ tail: ZxidSpan) -> Zxid? {
        guard hasEveryVoterAnswered(tail) else { return nil }
        let whole = peers.filter { $0.hasWhole(tail) }
        // Histories of one epoch are prefixes of each other, so that the longest has them all.
        var known = last
        for peer in whole where peer.status?.currentEpoch == damage.currentEpoch {
            guard let answer = peer.answer(for: tail), answer.firstPrevious == last else { continue }
            known = max(known, answer.last ?? last)
        }
        let ending = whole.filter { peer in
            guard let answer = peer.answer(for: tail), let end = answer.last else { return true }
            return peer.status?.currentEpoch == damage.currentEpoch && end <= known
        }
        return isDecisive(ending) ? known : nil
    }
}
