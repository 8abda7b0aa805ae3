// The quorum port (`QuorumPort`): connections between a leader and its learners. Packets are decoded by
// the shipping decoder from the bytes as they come; what follows a SNAP goes to the log's thread.

import Resync
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// One connection, as the shell has it.
final class QuorumLinkTwin {
    enum Input {
        case packets
        case snapshot(FeedTwin)
    }

    let id: LinkID
    let wire: Socket
    let isToLeader: Bool
    var decoder = QuorumPacketDecoder()
    var input = Input.packets
    var output: Link?
    var isBehind = false
    var isStreaming = false
    /// Reads along what goes to a leader, for the checks.
    var tap = QuorumPacketDecoder()

    init(_ id: LinkID, _ wire: Socket, isToLeader: Bool) {
        self.id = id
        self.wire = wire
        self.isToLeader = isToLeader
    }
}

final class QuorumTwin {
    /// A search for the leader: its identity tells whether an answer is still wanted.
    private final class Dial {
        var search: LeaderSearch
        init(_ search: LeaderSearch) { self.search = search }
    }

    private static let sliceBytes = 1 << 20

    unowned let process: ServerProcess
    private(set) var links: [LinkID: QuorumLinkTwin] = [:]
    private var lastLink: UInt64 = 0
    private var dial: Dial?
    private var sync: LearnerSync<SimulatedDisk>
    private let log: TxnLogReader<SimulatedDisk>
    private let store: SnapshotStore<SimulatedDisk>
    private var chance: Chance

    init(_ process: ServerProcess, _ storage: RecoveredMachine) {
        self.process = process
        chance = process.machine.chance.split()
        log = storage.state.log.reader
        store = storage.state.snapshots
        sync = LearnerSync(log: log, store: store, origin: storage.state.snapshotOrigin)
    }

    func use(_ origin: SnapshotOrigin) {
        sync = LearnerSync(log: log, store: store, origin: origin)
    }

    // MARK: To a leader

    func connect(to server: ServerID) {
        let limit = min(process.world.options.tick * 5, .seconds(5))
        let dial = Dial(
            LeaderSearch(
                server, now: process.now.monotonic, limit: .nanoseconds(limit.nanoseconds)))
        self.dial = dial
        attempt(dial)
    }

    func keepSearching(_ role: Role) {
        if dial?.search.isWanted(in: role) == false { dial = nil }
    }

    private func attempt(_ dial: Dial) {
        process.world.network.connect(
            process.machine.host, to: Host(number: Int(dial.search.server.rawValue)), .quorum,
            timeout: Span(LeaderSearch.attemptTimeout)
        ) { [self] wire in
            guard process.isAlive else {
                wire?.close()
                return
            }
            process.enter { [self] in
                if let wire { reached(dial, wire) } else { missed(dial) }
            }
        }
    }

    private func reached(_ dial: Dial, _ wire: Socket) {
        guard self.dial === dial else { return wire.close() }
        self.dial = nil
        let link = add(wire, isToLeader: true)
        process.tell(.leaderReached(link.id))
    }

    private func missed(_ dial: Dial) {
        guard self.dial === dial else { return }
        guard let wait = dial.search.missed(now: process.now.monotonic) else {
            self.dial = nil
            return process.tell(.leaderUnreachable(dial.search.server))
        }
        process.after(Span(wait)) { [self] in if self.dial === dial { attempt(dial) } }
    }

    // MARK: Connections

    func arrived(_ wire: Socket) {
        process.enter { [self] in
            let link = add(wire, isToLeader: false)
            process.tell(.learnerArrived(link.id))
        }
    }

    private func add(_ wire: Socket, isToLeader: Bool) -> QuorumLinkTwin {
        lastLink += 1
        let link = QuorumLinkTwin(LinkID(rawValue: lastLink), wire, isToLeader: isToLeader)
        links[link.id] = link
        wire.own { [self] payload in
            guard case .bytes(let bytes) = payload else { return }
            process.enter { [self] in
                guard links[link.id] === link else { return }
                bytes.withByteView { received($0, link) }
            }
        } ended: { [self] in
            process.enter { [self] in closed(link) }
        }
        wire.drained = { [self] in process.enter { [self] in flush(link) } }
        return link
    }

    private func closed(_ link: QuorumLinkTwin) {
        if case .snapshot(let feed) = link.input { feed.close() }
        guard links.removeValue(forKey: link.id) != nil else { return }
        process.tell(.linkClosed(link.id))
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
        process.after(.microseconds(1)) { [self] in closed(link) }
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
            while process.isAlive, let packet = try link.decoder.next(&input) {
                process.world.notePacket(packet, from: link.wire.remote, to: process)
                process.tell(.packet(link.id, packet))
                guard link.isToLeader, packet.type == .snap else { continue }
                let feed = FeedTwin()
                link.input = .snapshot(feed)
                return take(input, feed, link)
            }
        } catch {
            process.world.ghost.fail("P-19", "\(process.id) cannot decode: \(error)")
        }
    }

    private func take(_ bytes: ByteView, _ feed: FeedTwin, _ link: QuorumLinkTwin) {
        feed.push(bytes)
        process.tell(.progress(link.id))
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

    private func flush(_ link: QuorumLinkTwin) {
        guard !link.isStreaming, links[link.id] != nil else { return }
        while link.wire.isWritable, let bytes = takeOutput(link) { write(bytes, link) }
        let isBehind = link.output.map { $0.output.count > 0 } ?? false
        let hasDrained = link.isBehind && !isBehind
        link.isBehind = isBehind
        if hasDrained { process.tell(.linkDrained(link.id)) }
    }

    private func takeOutput(_ link: QuorumLinkTwin) -> [UInt8]? {
        guard let output = link.output?.output, output.count > 0 else { return nil }
        let count = min(output.count, max(QuorumTwin.sliceBytes, output.count / 8))
        let bytes = [UInt8](output.view[view: 0..<count])
        output.removeFirst(count)
        return bytes
    }

    private func write(_ bytes: [UInt8], _ link: QuorumLinkTwin) {
        if link.isToLeader { process.world.ghost.sends(bytes, by: link, process) }
        link.wire.send(.bytes(bytes))
    }

    // MARK: Streams from the disk

    /// Reads what the learner lacks at once, and sends it bit by bit.
    func stream(_ order: SyncOrder) {
        guard let link = links[order.link] else {
            return process.tell(.streamFailed(order.link, reason: "the connection is gone"))
        }
        while let bytes = takeOutput(link) { write(bytes, link) }
        link.isStreaming = true
        var pieces: [[UInt8]] = []
        let result: Result<SyncPlan?, any Error> = Result {
            try sync.send(after: order.after, upTo: order.upTo, isFirst: order.isFirst) {
                pieces.append([UInt8]($0))
            }
        }
        if case .success(let plan?) = result {
            process.world.figures.note(plan)
            process.world.faults.streaming(to: order.learner, by: process.machine)
        }
        if holdsLog(result) { process.log.hold() }
        process.world.note(process.machine.host, "streams to \(order.learner): \(result)")
        sendNext(pieces[...], order, result, link)
    }

    private func sendNext(
        _ pieces: ArraySlice<[UInt8]>, _ order: SyncOrder, _ result: Result<SyncPlan?, any Error>,
        _ link: QuorumLinkTwin
    ) {
        guard link.wire.isOpen else {
            link.isStreaming = false
            if holdsLog(result) { process.log.release() }
            return process.tell(.streamFailed(order.link, reason: "the link is gone"))
        }
        process.after(.microseconds(chance.within(10...2000))) { [self] in
            guard let piece = pieces.first else { return endStream(order, result, link) }
            guard link.wire.isWritable else { return sendNext(pieces, order, result, link) }
            link.wire.send(.bytes(piece))
            sendNext(pieces.dropFirst(), order, result, link)
        }
    }

    private func endStream(
        _ order: SyncOrder, _ result: Result<SyncPlan?, any Error>, _ link: QuorumLinkTwin
    ) {
        link.isStreaming = false
        if holdsLog(result) { process.log.release() }
        switch result {
        case .success(let plan):
            if plan != nil { process.world.faults.synchronizing(order.learner, by: process.machine) }
            var upTo = order.upTo
            if case .snapshot(let zxid)? = plan { upTo = max(upTo, zxid) }
            process.tell(.streamed(order.link, upTo: upTo))
        case .failure(let error):
            process.tell(.streamFailed(order.link, reason: "\(error)"))
        }
        flush(link)
    }
}
