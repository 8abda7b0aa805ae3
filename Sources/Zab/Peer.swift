// One server's part in Zab: it looks for a leader, follows one or is one, and keeps the end of the
// history. A machine without I/O, clock, lock or await. Specification: docs/zab.md.
//
// Invariants:
//  1. A part begins when the disk has done all that was asked for before it (rule 2), so that every
//     answer of the disk is for the part that asked.
//  2. Parts end in one place, `conclude`, after everything that happened.

import ZKWire

/// The protocol of one server. A class for the identity of the memory that it owns.
package final class Peer {
    /// What this server does at present.
    enum Part {
        /// Before `.started`.
        case idle
        /// Waits for the disk.
        case settling(Next)
        case looking
        case leading(Leader)
        case learning(Learner)
    }

    /// What begins when the disk is done.
    enum Next {
        case look
        /// Follow as a voter a leader that this server knows already.
        case follow(Vote)
    }

    package let configuration: ZabConfiguration
    package internal(set) var role = Role.looking
    let ledger: Ledger
    var part = Part.idle
    package internal(set) var election: Election
    var lobby: Lobby
    /// Whom this server follows or leads by, as others are told that ask.
    var vote: Vote?
    /// The last words of others, while this server waits for its disk.
    var heldBack: [ServerID: Notification] = [:]
    /// Until then the others may elect one of them without this server.
    var abstainsUntil: Instant?

    package init(_ configuration: ZabConfiguration, _ durable: DurableState, now: Instant) {
        self.configuration = configuration
        ledger = Ledger(configuration, durable)
        election = Election(configuration)
        lobby = Lobby(configuration)
    }

    /// Whether this server's history counts for anything.
    package var mayVote: Bool { ledger.mayVote }
    package var epochs: Epochs { ledger.epochs }
    package var history: History { _read { yield ledger.history } }
    /// Nothing waits to be handed to the log. Not by way of `history`, whose accessor allocates.
    package var isFlushed: Bool { ledger.history.open.isEmpty }
    /// Transactions not yet delivered.
    package var outstandingCount: Int { ledger.history.outstandingCount }

    // MARK: Events

    /// The one entry for everything but a packet that the layer above answers: see `receive`.
    package func step(_ event: ZabEvent, now: Instant, into effects: inout ZabEffects) {
        switch event {
        case .started: part = .settling(.look)
        case .tick: handleTick(now, &effects)
        case .notification(let notification): handleNotification(notification, now, &effects)
        case .electionLink(let server, let isUp): handleElectionLink(server, isUp, now, &effects)
        case .learnerArrived(let link): handleArrival(link, now, &effects)
        case .leaderReached(let link): handleLeaderReached(link, &effects)
        case .packet(let link, let packet): _ = handle(packet, link, now, &effects)
        case .linkClosed(let link): lobby.closed(link)
        case .appended(let zxid): ledger.appended(upTo: zxid)
        case .epochsWritten(let epochs): ledger.epochsWritten(epochs)
        case .truncated: ledger.truncated(into: &effects)
        case .installed(_, let zxid): ledger.installed(zxid: zxid, into: &effects)
        case .installFailed: ledger.installFailed(into: &effects)
        case .leaderUnreachable, .progress, .linkDrained, .streamed, .streamFailed, .handOver:
            break
        }
        switch part {
        case .leading(let leader): leader.step(event, now: now, into: &effects)
        case .learning(let learner): learner.step(event, now: now, into: &effects)
        case .idle, .settling, .looking: break
        }
        conclude(now, &effects)
    }

    /// A packet of the quorum port.
    /// - Returns: the server it is from, if it belongs to the layer above (REQUEST, REVALIDATE,
    ///   SYNC, PING) and that server's state allows it.
    package func receive(
        _ packet: QuorumPacket, on link: LinkID, now: Instant, into effects: inout ZabEffects
    ) -> ServerID? {
        let server = handle(packet, link, now, &effects)
        conclude(now, &effects)
        return server
    }

    // MARK: The quorum port

    private func handle(
        _ packet: QuorumPacket, _ link: LinkID, _ now: Instant, _ effects: inout ZabEffects
    ) -> ServerID? {
        switch part {
        case .leading(let leader):
            if let learner = leader.byLink[link] {
                return leader.receive(packet, from: learner, now: now, into: &effects)
            }
        case .learning(let learner):
            if link == learner.link?.id {
                return learner.receive(packet, now: now, into: &effects)
            }
        case .idle, .settling, .looking: break
        }
        lobby.receive(packet, on: link, into: &effects)
        return nil
    }

    /// Who follows has nothing for learners; who looks may be the leader in a moment.
    private func handleArrival(_ link: LinkID, _ now: Instant, _ effects: inout ZabEffects) {
        switch part {
        case .idle, .learning: effects.close(link, .notLeading)
        case .settling, .looking, .leading: lobby.arrived(link, now: now, into: &effects)
        }
    }

    private func handleLeaderReached(_ link: LinkID, _ effects: inout ZabEffects) {
        switch part {
        case .learning: break
        case .idle, .settling, .looking, .leading: effects.close(link, .notFollowing)
        }
    }

    private func handleTick(_ now: Instant, _ effects: inout ZabEffects) {
        lobby.expire(now: now, into: &effects)
        switch part {
        case .looking: continueLooking(now, &effects)
        case .leading(let leader):
            if !configuration.isAlone, election.isAbandoned(followers: leader.followers) {
                leader.end("those that elected this server look for another leader")
            }
        case .idle, .settling, .learning: break
        }
    }

    // MARK: From one part to the next

    /// Ends a part that has ended, and begins the next one when the disk is done.
    func conclude(_ now: Instant, _ effects: inout ZabEffects) {
        switch part {
        case .leading(let leader):
            for introduction in lobby.takeIntroduced() {
                leader.admit(introduction, now: now, into: &effects)
            }
            role = leader.role
            if let ending = leader.ending { stopLeading(leader, ending, now, &effects) }
        case .learning(let learner):
            role = learner.role
            if let ending = learner.ending { stopLearning(learner, ending, now, &effects) }
        case .idle, .settling, .looking: break
        }
        let isHasty = configuration.defects.contains(.zookeeper4712)
        if case .settling(let next) = part, ledger.isSettled || isHasty {
            switch next {
            case .look: look(now, &effects)
            case .follow(let vote): learn(from: vote, isVoter: true, now, &effects)
            }
        }
    }
}
