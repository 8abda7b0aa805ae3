// The quorum port: the connections between a leader and its learners, in both directions.
//
// 1. Packets are decoded here and decided elsewhere: each is an event of the protocol.
// 2. The socket takes the protocol's output in slices; what it does not take stays where the
//    protocol can see it and bound it.
// 3. A snapshot from a leader goes to the thread that installs it. Packets that come behind it wait
//    until it is installed; the socket is not read while too much waits.
// 4. Who says nothing, or what cannot be decoded, costs its own connection.

import Logging
import NIOCore
import NIOPosix
import ServerConfiguration
import ZKWire
import Zab

struct QuorumPortSettings: Sendable {
    var ownAddresses: [HostAndPort]
    var peers: [ServerID: [HostAndPort]]
    var listensOnAllAddresses = false
    var bindAttempts = 3
    /// For a learner to reach its leader.
    var connectLimit: TimeAmount = .seconds(5)
    var limits = QuorumPacketLimits()
}

// SAFETY: `@unchecked`: confined to `eventLoop`, but for `bind`, which comes before everything else.
final class QuorumPort: @unchecked Sendable {
    let settings: QuorumPortSettings
    let eventLoop: any EventLoop
    let logger: Logger
    private let arrivals = ArrivalQueue()
    private var listeners: [any Channel] = []
    private(set) var links: [LinkID: QuorumLink] = [:]
    private var lastLink: UInt64 = 0
    private(set) var isClosed = false
    /// The leader that this server is trying to reach.
    var dial: LeaderDial?
    private var isStarted = false
    /// Tells the core.
    private(set) var report: (ZabEvent) -> Void = { _ in }

    /// Who has not said who it is can send no long packet.
    private static let firstPacketLimits = QuorumPacketLimits(dataBytes: 4096, authInfoBytes: 1024)

    init(_ settings: QuorumPortSettings, _ eventLoop: any EventLoop, _ logger: Logger) {
        self.settings = settings
        self.eventLoop = eventLoop
        self.logger = logger
    }

    /// Blocks; before `start`.
    func bind(isStopping: @escaping @Sendable () -> Bool) throws(ServerFailure) {
        listeners = try PeerListener(
            "quorum", settings.ownAddresses, onAll: settings.listensOnAllAddresses,
            attempts: settings.bindAttempts, logger, isStopping: isStopping
        ).bind(bootstrap)
    }

    /// From now on connections are taken.
    func start(_ report: @escaping (ZabEvent) -> Void) {
        isStarted = true
        self.report = report
    }

    func close() {
        isClosed = true
        dial = nil
        report = { _ in }
        for listener in listeners { listener.close(promise: nil) }
        arrivals.closeAll()
        for link in links.values { link.channel.close(promise: nil) }
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 2)
            .childChannelOption(.recvAllocator, value: QuorumPort.receiveAllocator)
            .childChannelOption(.writeBufferWaterMark, value: QuorumPort.waterMark)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = QuorumHandler(self)
                    try channel.pipeline.syncOperations.addHandlers([
                        QuorumArrivalHandler(self, handler), handler,
                    ])
                }
            }
    }

    static let receiveAllocator = FixedSizeRecvByteBufferAllocator(capacity: 128 * 1024)
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(
        low: 256 * 1024, high: 1024 * 1024)

    // MARK: Connections

    /// Somebody connected.
    func arrived(_ channel: any Channel) -> QuorumLink? {
        guard isStarted, !isClosed else {
            channel.close(promise: nil)
            return nil
        }
        arrivals.add(channel)
        let link = add(channel, isToLeader: false, QuorumPort.firstPacketLimits)
        report(.learnerArrived(link.id))
        return link
    }

    func add(
        _ channel: any Channel, isToLeader: Bool, _ limits: QuorumPacketLimits
    ) -> QuorumLink {
        lastLink += 1
        let link = QuorumLink(
            LinkID(rawValue: lastLink), channel, isToLeader: isToLeader, limits: limits)
        links[link.id] = link
        return link
    }

    func closed(_ link: QuorumLink) {
        arrivals.remove(link.channel)
        if case .snapshot(let feed) = link.input { feed.close() }
        guard links.removeValue(forKey: link.id) != nil else { return }
        report(.linkClosed(link.id))
    }

    /// The protocol has done with it; it is sent what it was owed.
    func close(_ id: LinkID) {
        guard let link = links[id] else { return }
        if !link.isStreaming { flush(link) }
        links[id] = nil
        if case .snapshot(let feed) = link.input { feed.close() }
        let channel = link.channel
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(promise: nil) }
        eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    /// What came by it was not taken.
    func breakOff(_ id: LinkID) { links[id]?.channel.close(promise: nil) }

    // MARK: Input

    func received(_ bytes: ByteView, _ link: QuorumLink) {
        guard links[link.id] != nil else { return }
        switch link.input {
        case .packets: decode(bytes, link)
        case .snapshot(let feed): take(bytes, feed, link)
        }
    }

    private func decode(_ bytes: ByteView, _ link: QuorumLink) {
        var input = bytes
        do throws(DecodeError) {
            while let packet = try link.decoder.next(&input) {
                report(.packet(link.id, packet))
                if link.isUnknown { identified(link) }
                guard link.isToLeader, packet.type == .snap else { continue }
                let feed = beginSnapshot(link)
                return take(input, feed, link)
            }
        } catch {
            let place = link.channel.remoteAddress?.description ?? "unknown"
            logger.warning("closed \(link.id) of \(place): \(error)")
            link.channel.close(promise: nil)
        }
    }

    /// It has sent a packet; whether that was a right one is the protocol's affair.
    private func identified(_ link: QuorumLink) {
        arrivals.remove(link.channel)
        link.isUnknown = false
        link.decoder = QuorumPacketDecoder(limits: settings.limits)
    }

    // MARK: Output

    func send(_ output: Link) {
        output.outputTaken()
        guard let link = links[output.id] else { return output.output.removeAll() }
        link.output = output
        flush(link)
    }

    /// Gives the socket what it takes.
    func flush(_ link: QuorumLink) {
        guard !link.isStreaming, links[link.id] != nil else { return }
        var hasSent = false
        while link.channel.isWritable, let buffer = link.takeOutput() {
            link.channel.writeAndFlush(buffer, promise: nil)
            hasSent = true
        }
        let wasBehind = link.isBehind
        link.isBehind = link.output.map { $0.output.count > 0 } ?? false
        if wasBehind, !link.isBehind {
            report(.linkDrained(link.id))
        } else if wasBehind, hasSent {
            report(.progress(link.id))
        }
    }
}
