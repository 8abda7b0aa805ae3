import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

/// Servers of one ensemble in memory: whole cores, a stand-in network and stand-in disks, and one
/// clock. Everything that happens is decided by the test or by its seed.
final class Cluster {
    var now = Now(
        monotonic: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)
    let membership: Membership
    let coreConfiguration: CoreConfiguration
    let recentBytes: Int
    private(set) var members: [Member] = []
    private(set) var wires: [Wire] = []
    private var notifications: [(from: ServerID, to: ServerID, Notification)] = []
    /// Pairs that do not reach each other, both ways.
    private var cuts: Set<[ServerID]> = []
    /// Pairs between whose quorum ports nothing arrives for the time being.
    private var stalled: Set<[ServerID]> = []
    private var lastLink: UInt64 = 0
    private var lastConnection: UInt64 = 0
    /// Learners are sent a snapshot where they could be sent the log.
    var prefersSnapshots = false
    /// Called for each client connection that a server ends.
    var connectionEnded: (ConnectionID) -> Void = { _ in }

    init(
        voters: Int, observers: Int = 0, recentBytes: Int = 1 << 20,
        _ configure: (inout CoreConfiguration) -> Void = { _ in }
    ) {
        let ids = (1...(voters + observers)).map { ServerID(rawValue: Int64($0)) }
        membership = Membership(
            Array(ids.prefix(voters)), observers: Set(ids.dropFirst(voters)))
        self.recentBytes = recentBytes
        var configuration = CoreConfiguration()
        configuration.tick = .milliseconds(100)
        configuration.minimumSessionTimeoutMilliseconds = 200
        configuration.maximumSessionTimeoutMilliseconds = 10_000
        configure(&configuration)
        coreConfiguration = configuration
        members = ids.map { Member($0, self) }
        for member in members { member.start() }
        for member in members { noteStarted(member) }
    }

    /// A cluster that serves.
    static func serving(
        voters: Int, observers: Int = 0, recentBytes: Int = 1 << 20,
        _ configure: (inout CoreConfiguration) -> Void = { _ in }
    ) -> Cluster {
        let cluster = Cluster(
            voters: voters, observers: observers, recentBytes: recentBytes, configure)
        cluster.runUntilServing()
        return cluster
    }

    subscript(id: Int64) -> Member { members[Int(id) - 1] }

    var leader: Member? { members.first { $0.isUp && $0.core.role.isEstablishedLeader } }
    /// Those that follow, in order of id.
    var followers: [Member] {
        members.filter {
            if case .following(_, isSynced: true) = $0.core.role { $0.isUp } else { false }
        }
    }
    var observers: [Member] {
        members.filter {
            if case .observing(_, isSynced: true) = $0.core.role { $0.isUp } else { false }
        }
    }

    func nextConnection() -> ConnectionID {
        lastConnection += 1
        return ConnectionID(rawValue: lastConnection)
    }

    // MARK: Time

    /// Everything that can happen without time passing happens.
    func settle() {
        while happenOnce() {}
    }

    func advance(milliseconds: Int64) {
        now.monotonic.nanoseconds += milliseconds * 1_000_000
        now.wallMilliseconds += milliseconds
    }

    func run(milliseconds: Int64) {
        for _ in 0..<(milliseconds / 10) {
            advance(milliseconds: 10)
            for member in members { member.step(.tick) }
            settle()
        }
    }

    /// - Returns: the time that it took.
    @discardableResult
    func runUntilServing(limitMilliseconds: Int64 = 20_000) -> Int64 {
        var passed: Int64 = 0
        settle()
        while !members.filter(\.isUp).allSatisfy(\.isServing), passed < limitMilliseconds {
            run(milliseconds: 10)
            passed += 10
        }
        return passed
    }

    private func happenOnce() -> Bool {
        var hasHappened = false
        for member in members where member.isUp {
            if member.isTurnOpen {
                member.endTurn()
                hasHappened = true
            }
            while member.isUp, !member.disk.queue.isEmpty {
                member.performDiskOrder()
                hasHappened = true
            }
        }
        while !notifications.isEmpty {
            deliverNotification()
            hasHappened = true
        }
        for wire in wires where !isStalled(wire) {
            for index in 0..<2 {
                while wire.isOpen, wire.ends[index].isReady {
                    wire.deliver(to: index)
                    hasHappened = true
                }
            }
        }
        return hasHappened
    }

    /// What is on its way to this server arrives.
    func deliverAll(to member: Member) {
        for wire in wires {
            for index in 0..<2 where wire.ends[index].member === member {
                while wire.isOpen, wire.ends[index].isReady { wire.deliver(to: index) }
            }
        }
    }

    /// Something that can happen, by chance.
    func happen(_ random: inout SplitMix) {
        let up = members.filter(\.isUp)
        switch random.below(10) {
        case 0..<3: up.isEmpty ? () : up[random.below(up.count)].performDiskOrder()
        case 3..<5: up.isEmpty ? () : up[random.below(up.count)].endTurn()
        case 5: if !notifications.isEmpty { deliverNotification() }
        default:
            let open = wires.filter { $0.isOpen && !isStalled($0) }
            guard !open.isEmpty else { return }
            open[random.below(open.count)].deliver(to: random.below(2))
        }
    }

    // MARK: The network

    func carryOut(_ zab: ZabEffects, of member: Member) {
        for (to, notification) in zab.notify {
            notifications.append((from: member.id, to: to, notification))
        }
        for link in zab.output {
            link.outputTaken()
            send(link, from: member)
        }
        for order in zab.stream { stream(order, from: member) }
        for (link, _) in zab.close { closeWire(of: member, link) }
        if let leader = zab.connect { connect(member, to: leader) }
    }

    private func send(_ link: Link, from member: Member) {
        let bytes = link.output.bytes
        link.output.removeAll()
        guard let (wire, index) = wire(of: member, link.id), !bytes.isEmpty else { return }
        wire.ends[1 - index].incoming.append(bytes)
    }

    private func connect(_ member: Member, to leader: ServerID) {
        let other = self[leader.rawValue]
        guard other.isUp, !cuts.contains(pair(member.id, leader)) else {
            return member.step(.zab(.leaderUnreachable(leader)))
        }
        let links = (1...2).map { LinkID(rawValue: lastLink + $0) }
        lastLink += 2
        wires.append(Wire(learner: member, links[0], leader: other, links[1]))
        other.step(.zab(.learnerArrived(links[1])))
        member.step(.zab(.leaderReached(links[0])))
    }

    private func wire(of member: Member, _ link: LinkID) -> (Wire, Int)? {
        for wire in wires where wire.isOpen {
            if let index = wire.index(of: member, link) { return (wire, index) }
        }
        return nil
    }

    private func closeWire(of member: Member, _ link: LinkID) {
        guard let (wire, _) = wire(of: member, link) else { return }
        close(wire)
    }

    private func close(_ wire: Wire) {
        guard wire.isOpen else { return }
        wire.isOpen = false
        wires.removeAll { $0 === wire }
        for end in wire.ends { end.member.step(.zab(.linkClosed(end.link))) }
    }

    private func deliverNotification() {
        let (from, to, notification) = notifications.removeFirst()
        guard !cuts.contains(pair(from, to)), self[from.rawValue].isUp else { return }
        self[to.rawValue].step(.zab(.notification(notification)))
    }

    private func pair(_ one: ServerID, _ other: ServerID) -> [ServerID] {
        [min(one, other), max(one, other)]
    }

    // MARK: Synchronization from the disk

    private func stream(_ order: SyncOrder, from member: Member) {
        guard let (wire, index) = wire(of: member, order.link) else {
            return member.step(.zab(.streamFailed(order.link, reason: "the link is gone")))
        }
        let records = member.disk.records.filter { $0.zxid <= order.upTo }
        let packets = ByteWriter()
        var after = order.after
        if order.isFirst {
            let common = records.last { $0.zxid <= after }?.zxid ?? .zero
            if prefersSnapshots || order.isTreeWanted {
                after = records.last?.zxid ?? .zero
                wire.snapshot = records
                packets.writePacket(.snap, after)
            } else if common == after {
                packets.writePacket(.diff, order.upTo)
            } else {
                after = common
                packets.writePacket(.trunc, common)
            }
        }
        for record in records where record.zxid > after {
            record.payload.withByteView { packets.writeProposal(record.zxid, payload: $0) }
            packets.writeCommit(record.zxid)
        }
        if packets.count > 0 { wire.ends[1 - index].incoming.append(packets.bytes) }
        member.step(.zab(.streamed(order.link, upTo: order.upTo)))
    }

    /// What came as a snapshot by this link; the packets behind it may come now.
    func takeSnapshot(_ member: Member, _ link: LinkID) -> [StandInDisk.Record]? {
        guard let (wire, index) = wire(of: member, link) else { return nil }
        wire.ends[index].isBlocked = false
        return wire.snapshot
    }

    // MARK: Faults

    func noteStarted(_ member: Member) {
        for other in members where other !== member && other.isUp {
            guard !cuts.contains(pair(member.id, other.id)) else { continue }
            member.step(.zab(.electionLink(other.id, isUp: true)))
            other.step(.zab(.electionLink(member.id, isUp: true)))
        }
    }

    func noteCrashed(_ member: Member) {
        notifications.removeAll { $0.from == member.id || $0.to == member.id }
        for wire in wires where wire.ends.contains(where: { $0.member === member }) { close(wire) }
        for other in members where other !== member {
            other.step(.zab(.electionLink(member.id, isUp: false)))
        }
    }

    /// From now on the two do not reach each other.
    func cut(_ one: Member, _ other: Member) {
        guard cuts.insert(pair(one.id, other.id)).inserted else { return }
        notifications.removeAll { pair($0.from, $0.to) == pair(one.id, other.id) }
        for wire in wires
        where wire.ends.allSatisfy({ $0.member === one || $0.member === other }) {
            close(wire)
        }
        one.step(.zab(.electionLink(other.id, isUp: false)))
        other.step(.zab(.electionLink(one.id, isUp: false)))
    }

    /// What they send each other on the quorum port waits, until they are told to go on.
    func stall(_ one: Member, _ other: Member) { stalled.insert(pair(one.id, other.id)) }

    func resume() { stalled.removeAll() }

    private func isStalled(_ wire: Wire) -> Bool {
        stalled.contains(pair(wire.ends[0].member.id, wire.ends[1].member.id))
    }

    func isolate(_ member: Member) {
        for other in members where other !== member { cut(member, other) }
    }

    func heal() {
        let healed = cuts.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }
        cuts.removeAll()
        for pair in healed {
            let (one, other) = (self[pair[0].rawValue], self[pair[1].rawValue])
            guard one.isUp, other.isUp else { continue }
            one.step(.zab(.electionLink(other.id, isUp: true)))
            other.step(.zab(.electionLink(one.id, isUp: true)))
        }
    }

    // MARK: Clients

    /// A server has ended a client's connection.
    func noteClosed(_ id: ConnectionID, at member: Member) { connectionEnded(id) }

    // MARK: Checks

    func expectSameTrees(_ location: SourceLocation = #_sourceLocation) {
        let up = members.filter(\.isUp)
        guard let first = up.first else { return }
        for member in up {
            member.core.tree.checkInvariants()
            let same = member.core.tree.dump() == first.core.tree.dump()
            #expect(same, "server \(member.id) and \(first.id)", sourceLocation: location)
        }
    }
}
