// How a damaged member decides: what to ask whom, what of its history can be put together, and when
// to give it up for a leader's. A machine without I/O, clock or lock; a value.
//
//  1. A transaction's zxid names it for ever, and its predecessor's name comes with it: what is
//     missing before a known transaction is found by walking back, whoever gives it.
//  2. What was acknowledged is dropped only if it cannot have been committed (`refute`).
//  3. A leader's history takes the place of the own one only once a leader is established, and the
//     server does not vote until it has it.
//  4. Nothing is decided twice: after `rebuild`, `follow` or `stop` no event changes anything.
//
// Why it is so: docs/decisions/0008-repair.md.

import ZKWire
import Zab

package struct RepairMachine: Sendable {
    package struct Settings: Sendable {
        package var own: ServerID
        package var membership: Membership
        /// So long others may take to be there, before a leader's history is taken instead.
        package var grace = Duration.seconds(2)
        /// So long nothing may change before a server stops that cannot be repaired. Others fetch
        /// from it meanwhile.
        package var patience = Duration.seconds(10)
        /// Who could not help is asked again after this.
        package var answerLifetime = Duration.seconds(3)
        package var statusInterval = Duration.seconds(1)
        package var sayInterval = Duration.seconds(5)

        package init(own: ServerID, membership: Membership) {
            self.own = own
            self.membership = membership
        }
    }

    let settings: Settings
    var damage: Damage
    /// In order of id: all other members.
    var peers: [RepairPeer]
    /// Kept from others: zxid to previous zxid.
    var fetched: [Zxid: Zxid] = [:]
    var snapshot: SnapshotFetch?
    /// Complete and good.
    var fetchedSnapshots: [SnapshotOffer] = []
    var startedAt: Instant?
    var lastSaidAt: Instant?
    /// Since when nothing could help, whoever was asked.
    var hopelessSince: Instant?
    package private(set) var isDone = false
    /// What is asked for at present, for messages.
    var wanted: [ZxidSpan] = []

    package init(_ settings: Settings, _ damage: Damage) {
        self.settings = settings
        self.damage = damage
        let membership = settings.membership
        peers = (membership.sortedVoters + membership.observers.sorted())
            .filter { $0 != settings.own }.map(RepairPeer.init)
    }

    /// Total: any event may come at any time.
    package mutating func step(
        _ event: RepairEvent, now: Instant, into effects: inout [RepairEffect]
    ) {
        guard !isDone else { return }
        if startedAt == nil { startedAt = now }
        switch event {
        case .tick: markOldAnswers(now)
        case .connected(let server): update(server) { $0 = RepairPeer(server, isConnected: true) }
        case .disconnected(let server): handleDisconnected(server)
        case .response(let server, let response): handle(response, server, now, &effects)
        case .snapshotChecked(let isGood): handleChecked(isGood)
        }
        advance(now, &effects)
        if effects.contains(where: \.isEnd) { isDone = true }
    }

    mutating func update(_ server: ServerID, _ change: (inout RepairPeer) -> Void) {
        guard let index = peers.firstIndex(where: { $0.id == server }) else { return }
        change(&peers[index])
    }

    func peer(_ server: ServerID) -> RepairPeer? { peers.first { $0.id == server } }

    private mutating func handleDisconnected(_ server: ServerID) {
        update(server) { $0.disconnect() }
        if snapshot?.server == server { snapshot = nil }
    }

    /// What a member could not give, it may have by now: it repairs itself, too.
    private mutating func markOldAnswers(_ now: Instant) {
        for index in peers.indices {
            for answer in peers[index].answers.indices
            where now - peers[index].answers[answer].at >= settings.answerLifetime {
                peers[index].answers[answer].isOld = true
            }
        }
    }

    // MARK: Responses

    private mutating func handle(
        _ response: RepairResponse, _ server: ServerID, _ now: Instant,
        _ effects: inout [RepairEffect]
    ) {
        guard let peer = peer(server), let pending = peer.pending else {
            return effects.append(.disconnect(server, reason: "an answer that nobody asked for"))
        }
        update(server) { $0.pending = nil }
        switch (pending, response) {
        case (.hello, .status(let status)), (.status, .status(let status)):
            guard status.server == server else {
                return effects.append(
                    .disconnect(server, reason: "it says that it is server \(status.server)"))
            }
            take(status, server, now)
        case (.txns(let span), .txns(let answer)) where answer.span == span:
            take(answer, server, now, &effects)
        case (.snapshot(let zxid, let offset), .snapshot(let sentZxid, let sentOffset, let bytes))
        where sentZxid == zxid && sentOffset == offset:
            take(bytes, at: offset, of: zxid, server, &effects)
        default: effects.append(.disconnect(server, reason: "another answer than was asked for"))
        }
    }

    private mutating func take(_ status: RepairStatus, _ server: ServerID, _ now: Instant) {
        update(server) { peer in
            // What it has may have changed.
            if let before = peer.status, before.log != status.log || before.state != status.state {
                peer.answers = []
            }
            peer.status = status
            peer.statusAt = now
            peer.statusSince = peer.askedAt
        }
    }

    private mutating func take(
        _ answer: TxnsResponse, _ server: ServerID, _ now: Instant,
        _ effects: inout [RepairEffect]
    ) {
        let fresh = answer.txns.filter { fetched[$0.zxid] == nil }
        for txn in fresh { fetched[txn.zxid] = txn.previous }
        if !fresh.isEmpty {
            effects.append(.keep(fresh))
            hopelessSince = nil
        }
        update(server) { peer in
            var whole = peer.collecting ?? RepairAnswer(span: answer.span, at: now)
            whole.isWhole = whole.isWhole && answer.isWhole
            whole.firstPrevious = whole.firstPrevious ?? answer.txns.first?.previous
            whole.last = answer.txns.last?.zxid ?? whole.last
            whole.at = now
            guard answer.resume >= whole.span.through else {
                peer.collecting = whole
                let rest = ZxidSpan(after: answer.resume, through: whole.span.through)
                peer.pending = .txns(rest)
                effects.append(.ask(server, .txns(rest)))
                return
            }
            peer.collecting = nil
            peer.answers.removeAll { $0.span == whole.span }
            peer.answers.append(whole)
        }
    }
}

extension RepairEffect {
    /// Whether it ends the machine.
    package var isEnd: Bool {
        switch self {
        case .rebuild, .follow, .stop: true
        case .ask, .keep, .keepSnapshot, .checkSnapshot, .disconnect, .say: false
        }
    }
}

extension RepairPeer {
    init(_ id: ServerID, isConnected: Bool) {
        self.init(id)
        self.isConnected = isConnected
        // The opening of the connection says hello.
        pending = .hello(id)
    }
}
