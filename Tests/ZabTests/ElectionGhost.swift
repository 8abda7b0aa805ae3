import Testing
import ZKWire
import Zab

/// Sees everything that is said in a network, and checks what must hold of it.
struct ElectionGhost {
    private struct Key: Hashable {
        var round: Int64
        var leader: ServerID
    }

    private let membership: Membership
    /// Who has voted for whom, in each round.
    private var votes: [Key: ServerSet] = [:]
    private var lastWords: [ServerID: Zab.Notification] = [:]
    /// Who has ever gone to follow whom, or led.
    private var adherents: [ServerID: ServerSet] = [:]
    private(set) var decisions = 0

    init(_ membership: Membership) { self.membership = membership }

    /// A vote gets better within a round, and only those that may vote have one.
    mutating func note(_ notification: Zab.Notification, mayVote: Bool) {
        guard notification.state == .looking else { return }
        let sender = notification.sender
        guard !notification.vote.isWithheld else {
            #expect(!mayVote || membership.weight(of: sender) == 0)
            return
        }
        #expect(mayVote && membership.weight(of: sender) > 0, "\(notification)")
        if let last = lastWords[sender], last.round == notification.round {
            #expect(!last.vote.isBetter(than: notification.vote), "\(last), \(notification)")
        }
        lastWords[sender] = notification
        let key = Key(round: notification.round, leader: notification.vote.leader)
        votes[key, default: ServerSet()].insert(sender)
    }

    /// A restarted server begins its rounds anew.
    mutating func forget(_ server: ServerID) { lastWords[server] = nil }

    /// Nobody decides for a leader that no quorum is for.
    mutating func check(_ server: ServerID, decided vote: Zab.Vote, in round: Int64) {
        decisions += 1
        var behind = votes[Key(round: round, leader: vote.leader)] ?? ServerSet()
        let followers = adherents[vote.leader] ?? ServerSet()
        for id in membership.sortedVoters where followers.contains(id) { behind.insert(id) }
        if membership.isVoter(server) { behind.insert(server) }
        #expect(membership.isQuorum(behind), "\(server) follows \(vote), elected by nobody")
        #expect(membership.weight(of: vote.leader) > 0)
        adherents[vote.leader, default: ServerSet()].insert(server)
    }
}
