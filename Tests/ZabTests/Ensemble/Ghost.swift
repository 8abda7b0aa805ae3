// What is known of a run from outside, and the invariants that are held against it after every
// event (numbers of the reliability rules).

import Testing
import ZKWire
import Zab

struct Ghost {
    var membership = Membership([])
    /// Everything that any server has shown to clients, in order.
    private(set) var committed: [Record] = []
    /// Who leads an epoch, and the history that it begins with.
    private(set) var leaders: [Epoch: (server: ServerID, initial: [Record])] = [:]
    private var broadcast: [Zxid: [UInt8]] = [:]
    private var established: [Epoch: ServerID] = [:]
    /// How often each thing happened, to see that a run was worth its time.
    private(set) var counts: [String: Int] = [:]

    mutating func count(_ what: String) { counts[what, default: 0] += 1 }

    // MARK: What servers say

    mutating func leads(_ server: SimulatedServer, _ epoch: Epoch) {
        count("leaders")
        if let other = leaders[epoch], other.server != server.id {
            // Both have proposed it; only one can be established.
            count("contested epochs")
        }
        leaders[epoch] = (server.id, server.store.records)
    }

    mutating func proposed(_ record: Record, by server: SimulatedServer) {
        #expect(broadcast[record.zxid] == nil, "\(record.zxid) proposed twice")
        broadcast[record.zxid] = record.payload
        count("proposals")
        // P-08: what earlier leaders had committed is known before anything is proposed.
        if let last = committed.last(where: { $0.zxid.epoch < record.zxid.epoch }) {
            #expect(server.tree.contains(last), "\(record.zxid) without \(last.zxid)")
        }
    }

    /// Rule 2: no vote speaks of what is not durable.
    func says(_ notification: Notification, _ server: SimulatedServer) {
        guard notification.state == .looking, notification.vote.leader == server.id,
            notification.vote.zxid >= .zero
        else { return }
        #expect(notification.vote.zxid <= server.store.last, "server \(server.id) voted too much")
        #expect(notification.vote.peerEpoch <= server.store.epochs.current)
    }

    /// P-13, and the table of packets: what must be durable before each is sent.
    mutating func sends(_ bytes: [UInt8], _ server: SimulatedServer, isToLeader: Bool) {
        bytes.withByteView { view in
            var decoder = QuorumPacketDecoder()
            var input = view
            while let packet = try? decoder.next(&input), let type = packet.type {
                check(type, packet, server, isToLeader: isToLeader)
            }
        }
    }

    private mutating func check(
        _ type: QuorumPacketType, _ packet: QuorumPacket, _ server: SimulatedServer,
        isToLeader: Bool
    ) {
        let store = server.store
        switch type {
        case .followerInfo: #expect(packet.zxid.epoch == store.epochs.accepted)
        case .leaderInfo: #expect(packet.zxid.epoch == store.epochs.accepted)
        case .ackEpoch:
            #expect(packet.zxid == store.last, "ACKEPOCH of server \(server.id)")
        case .newLeader: #expect(store.epochs.current == packet.zxid.epoch)
        case .ack where packet.zxid.counter > 0:
            #expect(packet.zxid <= store.last, "server \(server.id) acknowledged \(packet.zxid)")
        case .ack:
            let isVoter =
                if case .following? = server.peer?.role { true } else { false }
            #expect(!isVoter || store.epochs.current == packet.zxid.epoch)
        case .diff, .trunc, .snap: count("\(type)")
        default: break
        }
    }

    /// P-19: nobody says anything to one of ours that follows from nothing.
    mutating func closes(_ reason: LinkCloseReason, _ server: SimulatedServer) {
        switch reason {
        case .malformed, .unknownServer, .protocolViolation, .outputBound,
            .incompatible:
            Issue.record("server \(server.id) closed a link: \(reason)")
        case .notLeading, .notFollowing, .replaced, .silent, .syncFailed: break
        }
    }

    // MARK: What disks get

    /// P-16: the history of a disk has no gaps; P-02: it is what was proposed.
    func appends(_ record: Record, _ server: SimulatedServer) {
        let last = server.store.records.last?.zxid ?? .zero
        #expect(broadcast[record.zxid] == record.payload, "\(record.zxid) on server \(server.id)")
        guard record.zxid != last.next || record.zxid.epoch != last.epoch else { return }
        let isFirst = record.zxid.epoch > last.epoch && record.zxid.counter == 1
        let isWithinBatch = record.zxid.counter > 1 && record.zxid > last
        #expect(isFirst || isWithinBatch, "\(record.zxid) after \(last) on server \(server.id)")
    }

    /// P-14, P-15.
    mutating func writes(_ epochs: Epochs, _ server: SimulatedServer) {
        let old = server.store.epochs
        #expect(epochs.accepted >= old.accepted && epochs.current >= old.current)
        #expect(epochs.current <= epochs.accepted)
        guard epochs.current > old.current, membership.isVoter(server.id) else { return }
        guard let initial = leaders[epochs.current]?.initial else {
            Issue.record("epoch \(epochs.current) has no leader")
            return
        }
        #expect(
            server.store.records.starts(with: initial),
            "server \(server.id) has epoch \(epochs.current) and not its history")
    }

    /// P-17 and P-10: what is committed stays on a quorum.
    mutating func shortened(_ server: SimulatedServer, _ servers: [SimulatedServer]) {
        count("shortened")
        guard let last = committed.last else { return }
        expectOnQuorum(last, servers)
    }

    func expectOnQuorum(_ record: Record, _ servers: [SimulatedServer]) {
        let holders = ServerSet(
            servers.filter { $0.store.contains(record.zxid) && membership.isVoter($0.id) }
                .map(\.id))
        #expect(membership.isQuorum(holders), "\(record.zxid) is committed, and on no quorum")
    }

    // MARK: What clients can see

    /// P-01 to P-07, P-10, P-11: after every event of a server.
    mutating func check(_ server: SimulatedServer, _ servers: [SimulatedServer]) {
        guard let peer = server.peer else { return }
        if case .leading(let epoch, isEstablished: true) = peer.role {
            if established[epoch] == nil { count("established") }
            let first = established[epoch] ?? server.id
            #expect(first == server.id, "\(first) and \(server.id) lead epoch \(epoch)")
            established[epoch] = server.id
        }
        guard peer.role.isServing else {
            server.comparedCount = min(server.comparedCount, server.tree.count)
            return
        }
        #expect(server.tree.last?.zxid ?? .zero == peer.history.lastDelivered)
        while server.comparedCount < server.tree.count {
            let record = server.tree[server.comparedCount]
            if server.comparedCount < committed.count {
                let expected = committed[server.comparedCount]
                #expect(record == expected, "server \(server.id) shows \(record.zxid)")
            } else {
                #expect(broadcast[record.zxid] == record.payload)
                #expect(record.zxid > (committed.last?.zxid ?? .zero))
                committed.append(record)
                expectOnQuorum(record, servers)
            }
            server.comparedCount += 1
        }
        #expect(server.store.last >= peer.history.lastDelivered, "the tree is ahead of the disk")
    }

    /// C-17: a leader that was confirmed shows everything that anybody had shown before.
    mutating func confirmed(_ server: SimulatedServer, _ token: UInt64) {
        count("confirmed")
        guard let known = server.questions.removeValue(forKey: token) else {
            Issue.record("server \(server.id) answers what nobody asked")
            return
        }
        #expect(server.tree.count >= known, "a deposed leader was confirmed")
    }
}
