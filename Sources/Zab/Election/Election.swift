// How a server that looks for a leader agrees with the others on one: fast leader election, in
// Apache's messages (`FastLeaderElection`) and with the rules of docs/zab.md, "Looking".
//
// Invariants:
//  1. In one round a server's vote only gets better; it starts with itself.
//  2. Only voters' words count, only for voters that have weight, and of each only its last word
//     on a connection that stands.
//  3. A decision has a quorum behind it: of votes of one round, or of servers that follow a leader
//     which says so itself.
//  4. Nothing that anybody sends makes it keep more than one notification of each voter.
//
// A wrong decision costs a round and no data: see `Election+Decision.swift`.

import ZKWire

/// One server's side of leader elections, one after the other.
package struct Election {
    package let configuration: ZabConfiguration
    /// Counts the elections (Apache's logical clock): votes of one round are counted together.
    package internal(set) var round: Int64 = 0
    package internal(set) var isLooking = false
    /// Whether this server's disk can be trusted with a vote. A blank one's may come to be while it
    /// looks: after a decision this says whether to follow as a voter or to observe.
    package private(set) var mayVote = false
    /// The voters that made the decision, this server included; later those of them that have not
    /// gone back on it: see `answer`.
    package internal(set) var supporters = ServerSet()

    /// This server itself as a leader.
    private(set) var own = Vote.ofObserver
    private(set) var isBlank = false
    /// The best vote of this round: this server's own word if it may vote.
    var proposal: Vote?
    /// The last word of each voter, dropped with its connection.
    var heard: [ServerID: Notification] = [:]
    /// Members that a connection stands to; kept between elections.
    private(set) var linked = ServerSet()
    /// Observers that asked during this election: they hear of its end.
    private(set) var askers = ServerSet()
    /// When the proposal, on which a quorum agrees, has waited long enough for a better one.
    var settlesAt: Instant?
    private var resendsAt = Instant(nanoseconds: 0)
    private var resendInterval: Duration

    package init(_ configuration: ZabConfiguration) {
        self.configuration = configuration
        resendInterval = configuration.minNotificationInterval
    }

    /// Whether this server has come to vote since nobody has a history.
    var isFirstStart: Bool { isBlank && mayVote }

    /// How much of what others said is kept: never more than a notification of each voter.
    package var rememberedWords: Int { heard.count }

    var me: ServerID { configuration.serverID }
    /// Whether this server's word counts. Otherwise it listens to the others only.
    var hasVote: Bool { mayVote && membership.weight(of: me) > 0 }
    var membership: Membership { configuration.membership }

    // MARK: Beginning and ending

    /// Looks for a leader, in a new round. Decides nothing yet.
    /// - Parameters:
    ///   - own: this server, the end of its log and its currentEpoch, all durable.
    ///   - mayVote: no for a voter whose disk may have forgotten a promise.
    ///   - isBlank: the disk never had a history. Once every voter is heard to be blank this is the
    ///     first start of the ensemble, and the server votes after all.
    package mutating func begin(
        own: Vote, mayVote: Bool, isBlank: Bool = false, now: Instant,
        into effects: inout ZabEffects
    ) {
        precondition(own.leader == me, "server \(me) cannot begin with \(own)")
        self.own = own
        self.isBlank = isBlank
        self.mayVote = mayVote
        isLooking = true
        // Who has no vote has no round of its own: it listens to whichever is going on.
        round = hasVote ? Election.round(after: round) : 0
        proposal = hasVote ? own : nil
        heard.removeAll(keepingCapacity: true)
        askers = ServerSet()
        supporters = ServerSet()
        settlesAt = nil
        restartResending(now)
        notifyVoters(into: &effects)
    }

    /// This server leads, follows, or stops.
    package mutating func end() {
        isLooking = false
        settlesAt = nil
    }

    /// Stops at the greatest number: a hostile one must not crash anybody.
    static func round(after round: Int64) -> Int64 { round == .max ? round : round + 1 }

    // MARK: What happens while looking

    /// Another server's word, while this one looks.
    /// - Returns: the vote that has won, if that is now known: the election is over.
    package mutating func receive(
        _ notification: Notification, now: Instant, into effects: inout ZabEffects
    ) -> Vote? {
        let sender = notification.sender
        guard isLooking, sender != me, membership.contains(sender) else { return nil }
        linked.insert(sender)
        guard membership.isVoter(sender) else {
            if notification.state == .looking {
                askers.insert(sender)
                if hasVote { effects.notify.append((to: sender, word)) }
            }
            return nil
        }
        heard[sender] = notification
        if notification.state == .looking {
            takeVote(notification, now: now, into: &effects)
            if isBlank, !mayVote, everyVoterIsBlank { becomeVoter(into: &effects) }
        }
        return conclude(now: now, into: &effects)
    }

    /// - Returns: as `receive`.
    package mutating func tick(now: Instant, into effects: inout ZabEffects) -> Vote? {
        guard isLooking else { return nil }
        if let decision = conclude(now: now, into: &effects) { return decision }
        if now >= resendsAt {
            resendInterval = min(resendInterval * 2, configuration.maxNotificationInterval)
            resendsAt = now + resendInterval
            notifyVoters(into: &effects)
        }
        return nil
    }

    /// A connection to a member stands or is gone. Said also while this server does not look.
    /// - Returns: as `receive`.
    package mutating func link(
        _ server: ServerID, isUp: Bool, now: Instant, into effects: inout ZabEffects
    ) -> Vote? {
        guard server != me, membership.contains(server) else { return nil }
        let wasUp = linked.contains(server)
        if isUp {
            linked.insert(server)
            guard isLooking, membership.isVoter(server) else { return nil }
            restartResending(now)
            effects.notify.append((to: server, word))
            return nil
        }
        linked.remove(server)
        askers.remove(server)
        heard[server] = nil
        guard isLooking else { return nil }
        if wasUp, proposal?.leader == server { restart(into: &effects) }
        return conclude(now: now, into: &effects)
    }

    // MARK: Voting

    /// A voter looks too.
    private mutating func takeVote(
        _ notification: Notification, now: Instant, into effects: inout ZabEffects
    ) {
        let vote = notification.vote
        guard isVote(notification) else {
            if hasVote { effects.notify.append((to: notification.sender, word)) }
            return
        }
        if vote.leader == me, vote != own, notification.round >= round {
            // Somebody remembers this server from before it was restarted.
            round = notification.round
            restart(into: &effects)
        } else if notification.round > round {
            round = notification.round
            restartResending(now)
            let best = hasVote && own.isBetter(than: vote) ? own : vote
            adopt(best, into: &effects)
        } else if notification.round == round, proposal.map(vote.isBetter(than:)) ?? true {
            adopt(vote, into: &effects)
        } else if hasVote, notification.round < round || vote != proposal {
            // It has not heard, or lost, what this server says.
            effects.notify.append((to: notification.sender, word))
        }
    }

    private mutating func adopt(_ vote: Vote, into effects: inout ZabEffects) {
        proposal = vote
        settlesAt = nil
        if hasVote { notifyVoters(into: &effects) }
    }

    /// The server that was to lead is not there, or not as it was: nobody may take a vote back in
    /// this round, so the next one begins.
    private mutating func restart(into effects: inout ZabEffects) {
        settlesAt = nil
        guard hasVote else {
            proposal = nil
            return
        }
        round = Election.round(after: round)
        adopt(own, into: &effects)
    }

    /// The first start of the ensemble: there is no promise that this server could have forgotten.
    private mutating func becomeVoter(into effects: inout ZabEffects) {
        mayVote = true
        guard hasVote else { return }
        round = max(round, 1)
        adopt(proposal.map { own.isBetter(than: $0) ? own : $0 } ?? own, into: &effects)
    }

    private var everyVoterIsBlank: Bool {
        membership.sortedVoters.allSatisfy { id in
            guard id != me else { return true }
            guard let word = heard[id], word.state == .looking else { return false }
            return word.vote.showsBlankServer
        }
    }

    /// Whether this counts: a vote for a server that may lead. Everything else that a looking
    /// server says is no vote.
    func isVote(_ notification: Notification) -> Bool {
        let leader = notification.vote.leader
        return !notification.vote.isWithheld && notification.round >= 0
            && membership.weight(of: leader) > 0 && (leader != me || hasVote)
    }

    // MARK: Saying so

    /// What this server says while it looks.
    private var word: Notification {
        let vote =
            if hasVote { proposal ?? own } else if membership.isVoter(me) {
                Vote.withheld(by: me, isBlank: isBlank)
            } else { Vote.ofObserver }
        return Notification(sender: me, state: .looking, vote: vote, round: round)
    }

    private func notifyVoters(into effects: inout ZabEffects) {
        for id in membership.sortedVoters where id != me { effects.notify.append((to: id, word)) }
    }

    private mutating func restartResending(_ now: Instant) {
        resendInterval = configuration.minNotificationInterval
        resendsAt = now + resendInterval
    }
}
