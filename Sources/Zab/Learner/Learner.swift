// A server that follows or observes a leader: it joins its epoch, makes its history its own, and
// then takes what is proposed (docs/zab.md, "Roles").
//
// Invariants:
//  1. Nothing is acknowledged before it, and all before it, is durable (rules 1 to 3).
//  2. What the leader says must follow from what it said before; otherwise this server looks again.
//  3. Nobody is served before everything that the tree has is committed.

import ZKWire

/// A server's part while it follows. A class for the identity of what it owns.
final class Learner {
    enum Phase: Int, Comparable {
        /// The link to the leader is being made.
        case connecting
        /// FOLLOWERINFO or OBSERVERINFO is sent.
        case introducing
        /// The leader's epoch is being written as acceptedEpoch.
        case promising
        /// ACKEPOCH is sent.
        case acknowledging
        /// DIFF, TRUNC or SNAP came, and the history comes.
        case receiving
        /// NEWLEADER came: what came before must be durable, then currentEpoch.
        case adopting
        /// NEWLEADER is acknowledged.
        case waiting
        /// UPTODATE came.
        case live

        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    /// Why it follows no longer.
    enum Ending {
        /// The link is gone, or not worth keeping for this reason.
        case look(String, LinkCloseReason)
        /// It comes back to the same leader: as a voter, since its disk can be trusted again, or to ask
        /// for a snapshot.
        case rejoin
    }

    let ledger: Ledger
    let configuration: ZabConfiguration
    let leader: ServerID
    /// It has a vote; otherwise it observes.
    let isVoter: Bool
    /// The instant of what is being handled.
    var now: Instant
    private(set) var phase = Phase.connecting
    private(set) var link: Link?
    private(set) var ending: Ending?
    /// The last sign of life of the leader.
    private var lastHeard: Instant

    /// The leader's, from LEADERINFO on.
    var epoch = Epoch(rawValue: 0)
    /// The leader reads ACK and sends COMMIT as cumulative.
    var isLeaderOurs = false
    /// The leader has said so far of what it is committed, or will be when UPTODATE comes.
    var announced = Zxid.zero
    /// The end of what came before NEWLEADER.
    var syncEnd = Zxid.zero
    /// What the leader knows to be durable here.
    var acked = Zxid.zero
    /// Everything that the tree has is committed.
    var isSynced = false
    /// The leader was asked for a snapshot for the tree's sake.
    var hasAskedForTree = false

    /// - Parameter isVoter: whether this server's disk may be counted with.
    init(_ ledger: Ledger, leader: ServerID, isVoter: Bool, now: Instant) {
        self.ledger = ledger
        configuration = ledger.configuration
        self.leader = leader
        self.isVoter = isVoter
        self.now = now
        lastHeard = now
    }

    var role: Role {
        isVoter ? .following(leader, isSynced: isSynced) : .observing(leader, isSynced: isSynced)
    }

    func enter(_ next: Phase) {
        precondition(next > phase, "\(next) after \(phase)")
        phase = next
        lastHeard = now
    }

    func end(_ ending: Ending) {
        if self.ending == nil { self.ending = ending }
    }

    /// The leader speaks another version.
    func refuse(_ refusal: LinkCloseReason) {
        end(.look("server \(leader) speaks another version of the protocol", refusal))
    }

    func violate(_ reason: String) {
        end(.look("server \(leader) sent \(reason)", .protocolViolation(reason)))
    }

    /// What happened, except for packets.
    func step(_ event: ZabEvent, now: Instant, into effects: inout ZabEffects) {
        self.now = now
        switch event {
        case .tick: handleTick()
        case .leaderReached(let id): handleReached(id, &effects)
        case .leaderUnreachable(let server): handleUnreachable(server)
        case .electionLink(let server, isUp: false): handleUnreachable(server)
        case .linkClosed(let id):
            if id == link?.id { end(.look("the link to server \(leader) is gone", .notFollowing)) }
        case .progress(let id): if id == link?.id { lastHeard = now }
        case .appended: handleAppended(&effects)
        case .epochsWritten: handleEpochsWritten(&effects)
        case .truncated: handleAppended(&effects)
        case .installed(let id, let zxid): handleInstalled(id, zxid)
        case .installFailed(let id, let reason):
            if id == link?.id { end(.look(reason, .syncFailed(reason))) }
        case .started, .notification, .electionLink, .learnerArrived, .packet, .linkDrained,
            .streamed, .streamFailed, .handOver:
            break
        }
    }

    /// A packet of the leader.
    /// - Returns: the leader, if the layer above is to handle it.
    func receive(
        _ packet: QuorumPacket, now: Instant, into effects: inout ZabEffects
    ) -> ServerID? {
        self.now = now
        lastHeard = now
        guard packet.type != nil else {
            refuse(ProtocolVersion.refusal("server \(leader)", packet: packet.rawType))
            return nil
        }
        do throws(DecodeError) {
            return handle(try LeaderMessage(packet), &effects)
        } catch {
            end(.look("server \(leader) sent what cannot be read", .malformed("\(error)")))
            return nil
        }
    }

    private func handle(
        _ message: LeaderMessage, _ effects: inout ZabEffects
    ) -> ServerID? {
        switch message {
        case .leaderInfo(let epoch, let version): handleLeaderInfo(epoch, version, &effects)
        case .diff(let zxid): handleDiff(zxid)
        case .trunc(let zxid): handleTrunc(zxid, &effects)
        case .snap(let zxid): handleSnap(zxid, &effects)
        case .newLeader(let zxid, _): handleNewLeader(zxid, &effects)
        case .upToDate: handleUpToDate(&effects)
        case .proposal(let zxid, let payload): handleProposal(zxid, payload)
        case .commit(let zxid): handleCommit(zxid, &effects)
        case .inform(let zxid, let payload): handleInform(zxid, payload, &effects)
        case .commitAndActivate, .informAndActivate:
            violate("a reconfiguration, which this server does not know")
        case .ping: return phase == .live ? leader : nil
        case .revalidated, .sync:
            if phase == .live { return leader }
            violate("an answer before UPTODATE")
        }
        return nil
    }

    // MARK: The link

    private func handleReached(_ id: LinkID, _ effects: inout ZabEffects) {
        guard phase == .connecting else { return effects.close(id, .notFollowing) }
        link = Link(id)
        enter(.introducing)
        introduce(&effects)
    }

    private func handleUnreachable(_ server: ServerID) {
        guard phase == .connecting, server == leader else { return }
        end(.look("server \(leader) cannot be reached", .notFollowing))
    }

    func write(_ message: LearnerMessage, _ effects: inout ZabEffects) {
        guard let link else { return }
        link.output.writeMessage(message)
        effects.list(link)
    }

    private func handleTick() {
        // Before it is live the leader waits for this server's disk, and says nothing meanwhile.
        if phase < .live, !ledger.isSettled { lastHeard = now }
        let ticks = phase == .live ? configuration.syncLimit : configuration.initLimit
        guard now - lastHeard > configuration.tick * ticks else { return }
        end(.look("server \(leader) was silent for \(ticks) ticks", .silent))
    }
}
