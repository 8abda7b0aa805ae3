import ZKWire
import Zab

extension RepairMachine {
    /// What is missing cannot be had from whom can be reached: a leader helps, or the others are
    /// waited for, or nobody can help.
    mutating func waitForLeader(_ now: Instant, _ effects: inout [RepairEffect]) {
        let isEarly = startedAt.map { now - $0 < settings.grace } ?? true
        let others = peers.filter { settings.membership.isVoter($0.id) }
        let isEveryoneHere = others.allSatisfy(\.isReady)
        if let helper = peers.first(where: \.isEstablished), !isEarly || isEveryoneHere {
            return effects.append(
                .follow(
                    reason: "\(lack); server \(helper.id) has a leader, which synchronizes this one"))
        }
        let isHopeless = others.allSatisfy { isWithoutHelp($0) } && !canOthersElect
        guard isHopeless else {
            hopelessSince = nil
            return say(now, &effects)
        }
        let since = hopelessSince ?? now
        hopelessSince = since
        if now - since >= settings.patience {
            effects.append(.stop(refusal))
        } else {
            say(now, &effects)
        }
    }

    /// It is there, and has said that it does not have what is missing.
    private func isWithoutHelp(_ peer: RepairPeer) -> Bool {
        guard let status = peer.status, status.state != .starting else { return false }
        return damage.needsLeader != nil || wanted.allSatisfy { peer.answer(for: $0) != nil }
    }

    /// Enough others are whole for an election: there will be a leader.
    private var canOthersElect: Bool {
        settings.membership.isQuorum(
            ServerSet(
                peers.filter { peer in
                    guard let status = peer.status, peer.isConnected, status.isTrusted else {
                        return false
                    }
                    return status.state != .starting && status.state != .repairing
                }.map(\.id)))
    }

    private mutating func say(_ now: Instant, _ effects: inout [RepairEffect]) {
        if let last = lastSaidAt, now - last < settings.sayInterval { return }
        lastSaidAt = now
        let missing = peers.filter { !$0.isReady }.map { "\($0.id)" }
        let who =
            missing.isEmpty ? "" : "; not reached: server \(missing.joined(separator: ", "))"
        effects.append(.say("\(lack)\(who)"))
    }

    private var lack: String {
        if let reason = damage.needsLeader { return "only a leader can help: \(reason)" }
        if wanted.isEmpty { return "no snapshot to begin with" }
        return "missing: " + wanted.map { "the transactions \($0)" }.joined(separator: "; ")
    }

    private var refusal: String {
        let asked = peers.filter { $0.status != nil }.map { "\($0.id)" }.joined(separator: ", ")
        return """
            \(lack). No member has them: asked were the servers \(asked). They may have been \
            acknowledged, so nothing is dropped, and no file was changed. Found here: \
            \(damage.faults.joined(separator: "; ")). Put the files of any one member back: \
            docs/operating/recovering.md#not-repairable
            """
    }
}
