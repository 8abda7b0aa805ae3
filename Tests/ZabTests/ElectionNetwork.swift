import Testing
import ZKWire
import Zab

/// Servers that elect leaders over connections that deliver in order, each at its own pace, lose
/// what is on them when they break, and are mute sometimes. Time passes only when told to.
///
/// What follows an election is a coarse picture of the rest of the protocol, see
/// `ElectionNetwork+Roles`. Everything is decided by the seed.
struct ElectionNetwork {
    enum Role: Equatable {
        case looking
        case following(Zab.Vote, since: Int64)
        case leading(Zab.Vote, since: Int64, isEstablished: Bool)
    }

    struct Server {
        var election: Election
        /// What its disk has.
        var own: Zab.Vote
        var mayVote = true
        var isBlank = false
        var isUp = false
        var role = Role.looking
    }

    struct Wire: Hashable {
        var from: ServerID
        var to: ServerID
    }

    let members: [ServerID]
    let membership: Membership
    var servers: [ServerID: Server] = [:]
    var random: ElectionRandom
    private(set) var milliseconds: Int64 = 0
    private(set) var deliveries = 0
    private var wires: [Wire: [Zab.Notification]] = [:]
    /// Those that have something on them.
    private var busy: [Wire] = []
    /// Connections that stand, as pairs of the lower and the higher id.
    private(set) var links: Set<Wire> = []
    /// Of those, the ones that lose everything.
    private var mute: Set<Wire> = []
    var ghost: ElectionGhost

    init(
        voters: [ServerID: Membership.Voter], observers: [ServerID] = [], seed: UInt64,
        history: (ServerID, inout ElectionRandom) -> (epoch: UInt32, zxid: Int64)
    ) {
        membership = Membership(voters: voters, observers: Set(observers))
        members = (Array(voters.keys) + observers).sorted()
        random = ElectionRandom(seed: seed)
        ghost = ElectionGhost(membership)
        for id in members {
            var configuration = ZabConfiguration(serverID: id, membership: membership)
            configuration.maxNotificationInterval = .milliseconds(1600)
            let (epoch, zxid) = history(id, &random)
            let own = Zab.Vote(
                leader: id, zxid: Zxid(rawValue: zxid), peerEpoch: Epoch(rawValue: epoch))
            servers[id] = Server(election: Election(configuration), own: own)
        }
    }

    var now: Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    // MARK: Connections

    private func pair(_ one: ServerID, _ other: ServerID) -> Wire {
        Wire(from: min(one, other), to: max(one, other))
    }

    func isLinked(_ one: ServerID, _ other: ServerID) -> Bool { links.contains(pair(one, other)) }

    /// Whether anything that one says reaches the other.
    func canTalk(_ one: ServerID, _ other: ServerID) -> Bool {
        isLinked(one, other) && !mute.contains(pair(one, other))
    }

    mutating func connect(_ one: ServerID, _ other: ServerID) {
        guard servers[one]!.isUp, servers[other]!.isUp else { return }
        mute.remove(pair(one, other))
        guard links.insert(pair(one, other)).inserted else { return }
        tellLink(one, other, isUp: true)
        tellLink(other, one, isUp: true)
    }

    mutating func cut(_ one: ServerID, _ other: ServerID) {
        guard links.remove(pair(one, other)) != nil else { return }
        mute.remove(pair(one, other))
        for wire in [Wire(from: one, to: other), Wire(from: other, to: one)] {
            wires[wire] = nil
            busy.removeAll { $0 == wire }
        }
        tellLink(one, other, isUp: false)
        tellLink(other, one, isUp: false)
    }

    mutating func silence(_ one: ServerID, _ other: ServerID) {
        if isLinked(one, other) { mute.insert(pair(one, other)) }
    }

    mutating func connectAll() {
        for one in members { for other in members where one < other { connect(one, other) } }
    }

    private mutating func tellLink(_ server: ServerID, _ other: ServerID, isUp: Bool) {
        change(server) { election, now, effects in
            election.link(other, isUp: isUp, now: now, into: &effects)
        }
    }

    // MARK: Time and messages

    /// Delivers in random order until nothing is on its way.
    mutating func deliverAll() {
        while deliverOne() {}
    }

    mutating func deliverOne() -> Bool {
        guard let index = busy.indices.randomElement(using: &random) else { return false }
        let wire = busy[index]
        let notification = wires[wire]!.removeFirst()
        if wires[wire]!.isEmpty { busy.remove(at: index) }
        deliveries += 1
        guard !mute.contains(pair(wire.from, wire.to)) else { return true }
        receive(notification, at: wire.to)
        return true
    }

    /// Lets time pass, with some of what is on its way arriving in between.
    mutating func pass(_ span: Int64) {
        for _ in 0..<(span / 10) {
            for _ in 0..<random.number(in: 0...30) { _ = deliverOne() }
            milliseconds += 10
            for id in members where servers[id]!.isUp {
                change(id) { election, now, effects in election.tick(now: now, into: &effects) }
                liveOn(id)
            }
        }
    }

    private mutating func receive(_ notification: Zab.Notification, at id: ServerID) {
        guard servers[id]!.isUp else { return }
        guard let (state, vote) = answerState(of: id) else {
            return change(id) { election, now, effects in
                election.receive(notification, now: now, into: &effects)
            }
        }
        let answer = servers[id]!.election.answer(notification, state: state, vote: vote)
        if let answer { send(answer, to: notification.sender) }
    }

    /// Something happens to an election; what it says is sent, and what it decides is done.
    mutating func change(
        _ id: ServerID,
        _ body: (inout Election, Instant, inout ZabEffects) -> Zab.Vote?
    ) {
        var effects = ZabEffects()
        let decision = body(&servers[id]!.election, now, &effects)
        for (receiver, notification) in effects.notify {
            ghost.note(notification, mayVote: servers[id]!.election.mayVote)
            send(notification, to: receiver)
        }
        if let decision { decided(id, decision) }
    }

    private mutating func send(_ notification: Zab.Notification, to receiver: ServerID) {
        guard isLinked(notification.sender, receiver) else { return }
        let wire = Wire(from: notification.sender, to: receiver)
        wires[wire, default: []].append(notification)
        if wires[wire]!.count == 1 { busy.append(wire) }
    }
}
