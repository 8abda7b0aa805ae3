// The quorum port (`QuorumPort`): connections between a leader and its learners. Packets are decoded by
// the shipping decoder from the bytes as they come; what follows a SNAP goes to the log's thread.

import Resync
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

final class QuorumTwin {
    /// A search for the leader: its identity tells whether an answer is still wanted.
    private final class Dial {
        var search: LeaderSearch
        init(_ search: LeaderSearch) { self.search = search }
    }

    private static let sliceBytes = 1 << 20

    let life: Life
    private(set) var links: [LinkID: QuorumLinkTwin] = [:]
    /// With ZOOKEEPER-2201: the stream of a snapshot begins, or ends.
    var streamsSnapshot: (Bool) -> Void = { _ in }
    private var lastLink: UInt64 = 0
    private var dial: Dial?
    private(set) var sync: LearnerSync<SimulatedDisk>
    private let log: TxnLogReader<SimulatedDisk>
    private let store: SnapshotStore<SimulatedDisk>
    var chance: Chance

    init(_ life: Life, _ storage: RecoveredMachine) {
        self.life = life
        chance = life.hardware.chance.split()
        log = storage.state.log.reader
        store = storage.state.snapshots
        sync = LearnerSync(log: log, store: store, origin: storage.state.snapshotOrigin)
    }

    func use(_ origin: SnapshotOrigin) {
        sync = LearnerSync(log: log, store: store, origin: origin)
    }

    // MARK: To a leader

    func connect(to server: ServerID) {
        let limit = min(life.run.options.tick * 5, .seconds(5))
        let dial = Dial(
            LeaderSearch(
                server, now: life.now.monotonic, limit: .nanoseconds(limit.nanoseconds)))
        self.dial = dial
        attempt(dial)
    }

    func keepSearching(_ role: Role) {
        if dial?.search.isWanted(in: role) == false { dial = nil }
    }

    private func attempt(_ dial: Dial) {
        let number = dial.search.beginAttempt()
        life.network.connect(
            life.host, to: Host(number: Int(dial.search.server.rawValue)), .quorum,
            timeout: Span(LeaderSearch.attemptTimeout)
        ) { [self] wire in
            guard life.isAlive else {
                wire?.close()
                return
            }
            life.enter { [self] in
                if let wire { reached(dial, wire) } else { missed(dial, number) }
            }
        }
        life.after(Span(LeaderSearch.redialInterval)) { [self] in
            guard self.dial === dial,
                dial.search.isRedialDue(number, now: life.now.monotonic)
            else { return }
            attempt(dial)
        }
    }

    private func reached(_ dial: Dial, _ wire: Socket) {
        guard self.dial === dial else { return wire.close() }
        self.dial = nil
        let link = add(wire, isToLeader: true)
        life.tell(.leaderReached(link.id))
    }

    private func missed(_ dial: Dial, _ number: Int) {
        guard self.dial === dial, dial.search.isLatest(number) else { return }
        guard let wait = dial.search.missed(now: life.now.monotonic) else {
            self.dial = nil
            return life.tell(.leaderUnreachable(dial.search.server))
        }
        life.after(Span(wait)) { [self] in if self.dial === dial { attempt(dial) } }
    }

    // MARK: Connections

    func arrived(_ wire: Socket) {
        life.enter { [self] in
            let link = add(wire, isToLeader: false)
            life.tell(.learnerArrived(link.id))
        }
    }

    private func add(_ wire: Socket, isToLeader: Bool) -> QuorumLinkTwin {
        lastLink += 1
        let link = QuorumLinkTwin(LinkID(rawValue: lastLink), wire, isToLeader: isToLeader)
        links[link.id] = link
        wire.own { [self] payload in
            guard case .bytes(let bytes) = payload else { return }
            life.enter { [self] in
                guard links[link.id] === link else { return }
                bytes.withByteView { received($0, link) }
            }
        } ended: { [self] in
            life.enter { [self] in closed(link) }
        }
        wire.drained = { [self] in life.enter { [self] in flush(link) } }
        return link
    }

    private func closed(_ link: QuorumLinkTwin) {
        if case .snapshot(let feed) = link.input { feed.close() }
        guard links.removeValue(forKey: link.id) != nil else { return }
        life.tell(.linkClosed(link.id))
    }

    /// The protocol has done with it; it is sent what it was owed.
    func close(_ id: LinkID) {
        guard let link = links[id] else { return }
        if !link.isStreaming { flush(link) }
        links[id] = nil
        if case .snapshot(let feed) = link.input { feed.close() }
        link.wire.close()
    }

    /// The connection is given up by this end, which learns of that as of any end.
    func breakOff(_ id: LinkID) {
        guard let link = links[id] else { return }
        link.wire.close()
        life.after(.microseconds(1)) { [self] in closed(link) }
    }

    // MARK: Input

    private func received(_ bytes: ByteView, _ link: QuorumLinkTwin) {
        switch link.input {
        case .packets: decode(bytes, link)
        case .snapshot(let feed): take(bytes, feed, link)
        }
    }

    private func decode(_ bytes: ByteView, _ link: QuorumLinkTwin) {
        var input = bytes
        do throws(DecodeError) {
            while life.isAlive, let packet = try link.decoder.next(&input) {
                life.run.note(packet, from: link.wire.remote, to: life.host)
                if link.isToLeader {
                    life.ghost.coverage.received(
                        packet, by: life.id,
                        from: ServerID(rawValue: Int64(link.wire.remote.number)))
                }
                life.tell(.packet(link.id, packet))
                guard link.isToLeader, packet.type == .snap else { continue }
                let feed = FeedTwin()
                link.input = .snapshot(feed)
                return take(input, feed, link)
            }
        } catch {
            life.run.fail("P-19", "\(life.id) cannot decode: \(error)")
        }
    }

    private func take(_ bytes: ByteView, _ feed: FeedTwin, _ link: QuorumLinkTwin) {
        feed.push(bytes)
        life.tell(.progress(link.id))
    }

    func feed(of id: LinkID) -> FeedTwin? {
        guard case .snapshot(let feed)? = links[id]?.input else { return nil }
        return feed
    }

    func snapshotInstalled(_ id: LinkID) {
        guard let link = links[id], case .snapshot(let feed) = link.input else { return }
        link.input = .packets
        feed.takeRest().withByteView { received($0, link) }
    }

    // MARK: Output

    func send(_ output: Link) {
        output.outputTaken()
        guard let link = links[output.id] else { return output.output.removeAll() }
        link.output = output
        flush(link)
    }

    func flush(_ link: QuorumLinkTwin) {
        guard !link.isStreaming, links[link.id] != nil else { return }
        while link.wire.isWritable, let bytes = takeOutput(link) { write(bytes, link) }
        let isBehind = link.output.map { $0.output.count > 0 } ?? false
        let hasDrained = link.isBehind && !isBehind
        link.isBehind = isBehind
        if hasDrained { life.tell(.linkDrained(link.id)) }
    }

    /// What a learner tells its leader has to be so when it leaves.
    private func checkWords(_ bytes: [UInt8], _ link: QuorumLinkTwin) {
        bytes.withByteView { view in
            var input = view
            while let packet = try? link.tap.next(&input) { life.ghost.sends(packet, by: life.id) }
        }
    }

    func takeOutput(_ link: QuorumLinkTwin) -> [UInt8]? {
        guard let output = link.output?.output, output.count > 0 else { return nil }
        let count = min(output.count, max(QuorumTwin.sliceBytes, output.count / 8))
        let bytes = [UInt8](output.view[view: 0..<count])
        output.removeFirst(count)
        return bytes
    }

    func write(_ bytes: [UInt8], _ link: QuorumLinkTwin) {
        if link.isToLeader { checkWords(bytes, link) }
        link.wire.send(.bytes(bytes))
    }
}
