// A server that a quorum has elected: it finds the epoch, brings learners to its history, and then
// proposes (docs/zab.md, "Roles").
//
// Invariants:
//  1. Each phase begins when what the one before it had to make durable is durable.
//  2. Before `established` nothing is proposed, and nobody is told that anything is committed.
//  3. Only voters of the ensemble count, each by the one link that it has.
//  4. Nothing goes out by a link that is streamed to.

import ZKWire

/// A server's part while it leads. A class for the identity of what it owns.
final class Leader {
    enum Phase: Int, Comparable {
        /// Waits for a quorum's FOLLOWERINFO.
        case collecting
        /// Its acceptedEpoch is being written.
        case promising
        /// Waits for a quorum's ACKEPOCH.
        case inviting
        /// Its currentEpoch is being written.
        case adopting
        /// Waits for a quorum's ACK of NEWLEADER.
        case synchronizing
        case established
        /// Proposes no more: what is in flight is to be committed first.
        case leaving

        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    /// Why it leads no longer.
    struct Ending {
        let reason: String
        /// The others are to elect one of them.
        let abstains: Bool
    }

    let ledger: Ledger
    /// The instant of what is being handled.
    var now: Instant
    let configuration: ZabConfiguration
    private(set) var phase = Phase.collecting
    /// The one that it leads; in `collecting` not known yet.
    var epoch: Epoch
    /// The end of its log when it was elected: this is the initial history of the epoch.
    let initialEnd: Zxid
    /// The epoch whose history it had made its own before.
    let initialEpoch: Epoch
    /// In the order in which they came, so that nothing depends on a dictionary's.
    var learners: [LearnerLink] = []
    var byLink: [LinkID: LearnerLink] = [:]
    var byServer: [ServerID: LearnerLink] = [:]
    private(set) var ending: Ending?

    var check = LeadershipCheck()
    /// When it last came to another phase, or a learner was sent something from the disk.
    var lastProgress: Instant
    var nextPing: Instant
    /// When a packet of a voter last came, of those too whose link is gone.
    var heard: [ServerID: Instant] = [:]
    /// In `leaving`: until when, and whether the others are to elect one of them then.
    var departure: (deadline: Instant, reason: String, abstains: Bool)?

    init(_ ledger: Ledger, now: Instant) {
        self.ledger = ledger
        self.now = now
        configuration = ledger.configuration
        epoch = ledger.epochs.current
        initialEnd = ledger.history.last
        initialEpoch = ledger.epochs.current
        lastProgress = now
        nextPing = now
    }

    var me: ServerID { configuration.serverID }
    var membership: Membership { configuration.membership }
    var role: Role { .leading(epoch, isEstablished: phase == .established) }
    /// Voters whose link stands.
    var followers: ServerSet { ServerSet(learners.lazy.filter(\.isVoter).map(\.server)) }

    func enter(_ next: Phase) {
        precondition(next > phase, "\(next) after \(phase)")
        phase = next
        lastProgress = now
    }

    func end(_ reason: String, abstains: Bool = false) {
        if ending == nil { ending = Ending(reason: reason, abstains: abstains) }
    }

    /// What happened, except for packets.
    func step(_ event: ZabEvent, now: Instant, into effects: inout ZabEffects) {
        self.now = now
        switch event {
        case .tick: handleTick(&effects)
        case .appended: advance(&effects)
        case .epochsWritten: handleEpochsWritten(&effects)
        case .linkClosed(let link):
            if let learner = byLink[link] { remove(learner) }
        case .linkDrained(let link), .progress(let link): byLink[link]?.lastProgress = now
        case .streamed(let link, let zxid): handleStreamed(link, zxid, &effects)
        case .streamFailed(let link, let reason):
            if let learner = byLink[link] { drop(learner, .syncFailed(reason), &effects) }
        case .handOver: handleHandOver()
        case .started, .notification, .electionLink, .learnerArrived, .leaderReached,
            .leaderUnreachable, .packet, .truncated, .installed, .installFailed:
            break
        }
    }

    /// A packet of a learner.
    /// - Returns: the learner, if the layer above is to handle it.
    func receive(
        _ packet: QuorumPacket, from learner: LearnerLink, now: Instant,
        into effects: inout ZabEffects
    ) -> ServerID? {
        self.now = now
        learner.lastHeard = now
        learner.lastProgress = now
        if learner.isVoter { heard[learner.server] = now }
        guard packet.type != nil else {
            drop(
                learner,
                ProtocolVersion.refusal("server \(learner.server)", packet: packet.rawType), &effects)
            return nil
        }
        do throws(DecodeError) {
            return handle(try LearnerMessage(packet), from: learner, &effects)
        } catch {
            drop(learner, .malformed("\(error)"), &effects)
            return nil
        }
    }

    private func handle(
        _ message: LearnerMessage, from learner: LearnerLink, _ effects: inout ZabEffects
    ) -> ServerID? {
        switch message {
        case .ack(let zxid): handleAck(zxid, learner, &effects)
        case .ackEpoch(let last, let current, let wantsTree):
            learner.wantsTree = wantsTree
            handleAckEpoch(last, current, learner, &effects)
        case .ping:
            handlePing(learner)
            return learner.phase == .live ? learner.server : nil
        case .request, .revalidate:
            if learner.phase == .live { return learner.server }
            violate(learner, "a request before UPTODATE", &effects)
        case .followerInfo, .observerInfo:
            violate(learner, "FOLLOWERINFO or OBSERVERINFO again", &effects)
        }
        return nil
    }

    // MARK: Links

    /// Writes to a learner.
    func write(_ learner: LearnerLink, _ message: LeaderMessage, _ effects: inout ZabEffects) {
        learner.link.output.writeMessage(message)
        effects.list(learner.link)
    }

    func violate(
        _ learner: LearnerLink, _ reason: String, _ effects: inout ZabEffects
    ) {
        drop(learner, .protocolViolation(reason), &effects)
    }

    /// Closes the link of a learner, which comes back if it wants to.
    func drop(
        _ learner: LearnerLink, _ reason: LinkCloseReason, _ effects: inout ZabEffects
    ) {
        guard byLink[learner.link.id] != nil else { return }
        effects.close(learner.link.id, reason)
        if learner.isRegistered { effects.notices.append(.learnerLost(learner.server, reason)) }
        remove(learner)
    }

    private func remove(_ learner: LearnerLink) {
        byLink[learner.link.id] = nil
        byServer[learner.server] = nil
        learners.removeAll { $0 === learner }
    }

    func closeAll(into effects: inout ZabEffects) {
        for learner in learners { effects.close(learner.link.id, .notLeading) }
        learners.removeAll()
        byLink.removeAll()
        byServer.removeAll()
    }
}
