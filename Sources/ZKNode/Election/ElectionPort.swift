// The election port: one connection to each other server, over which notifications go.
//
// 1. Of each two servers the one with the higher id makes the connection that stays (Apache
//    `QuorumCnxManager`). The other one knocks if there is none, and is connected back.
// 2. Connections are made before an election needs them, and again whenever they break.
// 3. Whom a connection says to be counts only by rule 1: a lower id cannot take a connection over,
//    it makes this server look whether its own still stands.
// 4. What is not a server of the ensemble costs its own connection and nothing else.

import Logging
import NIOCore
import NIOPosix
import ServerConfiguration
import ZKWire
import Zab

/// What the port tells, on the loop.
package struct ElectionReports {
    let link: (ServerID, _ isUp: Bool) -> Void
    let notification: (Zab.Notification) -> Void
    /// Whether the server looks for a leader at present: a vote of then is of no use later.
    let isLooking: () -> Bool
    /// Answers a member that repairs itself.
    let repair: RepairResponder

    package init(
        link: @escaping (ServerID, _ isUp: Bool) -> Void,
        notification: @escaping (Zab.Notification) -> Void, isLooking: @escaping () -> Bool,
        repair: @escaping RepairResponder = { _, done in done(nil) }
    ) {
        self.link = link
        self.notification = notification
        self.isLooking = isLooking
        self.repair = repair
    }
}

package struct ElectionPortSettings: Sendable {
    package var own: ServerID
    package var ownAddresses: [HostAndPort]
    /// With whom there is a connection.
    package var peers: [ServerID: [HostAndPort]]
    package var membershipText: [UInt8] = []
    package var sendsAllAddresses = false
    package var listensOnAllAddresses = false
    package var bindAttempts = 3
    package var isKeepAliveOn = false
    package var connectTimeout: TimeAmount = .seconds(5)

    package init(
        own: ServerID, ownAddresses: [HostAndPort], peers: [ServerID: [HostAndPort]]
    ) {
        self.own = own
        self.ownAddresses = ownAddresses
        self.peers = peers
    }
}

// SAFETY: `@unchecked`: confined to `eventLoop`, but for `bind`, which comes before everything else.
package final class ElectionPort: @unchecked Sendable {
    let settings: ElectionPortSettings
    let eventLoop: any EventLoop
    let logger: Logger
    let peers: [ServerID: ElectionPeer]
    let arrivals = ArrivalQueue()
    var reports: ElectionReports?
    /// Connections of members that repair themselves.
    private(set) var desk: RepairDesk?
    private(set) var isClosed = false
    private var listeners: [any Channel] = []
    private let output = ByteWriter(capacity: 1024)

    /// A lower id that connects has this server try its own connection, at most so often.
    static let knockInterval = TimeAmount.seconds(1)

    package init(_ settings: ElectionPortSettings, _ eventLoop: any EventLoop, _ logger: Logger) {
        self.settings = settings
        self.eventLoop = eventLoop
        self.logger = logger
        var peers: [ServerID: ElectionPeer] = [:]
        for (id, addresses) in settings.peers {
            peers[id] = ElectionPeer(
                id, isDialled: settings.own > id, PeerEndpoint(addresses))
        }
        self.peers = peers
    }

    /// Blocks; before `start`.
    package func bind(
        isStopping: @escaping @Sendable () -> Bool = { false }
    ) throws(ServerFailure) {
        listeners = try PeerListener(
            "election", settings.ownAddresses, onAll: settings.listensOnAllAddresses,
            attempts: settings.bindAttempts, logger, isStopping: isStopping
        ).bind(bootstrap)
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: settings.isKeepAliveOn ? 1 : 0)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ElectionHandler(self, .accepted))
                }
            }
    }

    /// Begins to connect, and to take connections.
    package func start(_ reports: ElectionReports) {
        self.reports = reports
        desk = RepairDesk(Set(peers.keys), logger, reports.repair)
        for peer in sortedPeers { dial(peer) }
    }

    package func close() {
        isClosed = true
        reports = nil
        desk = nil
        for listener in listeners { listener.close(promise: nil) }
        arrivals.closeAll()
        for peer in sortedPeers {
            peer.retry?.cancel()
            peer.link?.close(promise: nil)
        }
    }

    var sortedPeers: [ElectionPeer] { peers.values.sorted { $0.id < $1.id } }

    // MARK: Notifications

    package func send(_ notification: Zab.Notification, to server: ServerID) {
        guard let peer = peers[server] else { return }
        logger.trace("to server \(server): \(notification.text)")
        guard let link = peer.link, link.isWritable else {
            peer.waiting = notification
            return
        }
        peer.waiting = nil
        write(notification, link)
    }

    private func write(_ notification: Zab.Notification, _ link: any Channel) {
        output.removeAll()
        output.writeNotification(notification, membership: settings.membershipText)
        link.writeAndFlush(ByteBuffer(bytes: output.view), promise: nil)
    }

    func received(_ message: [UInt8], from peer: ElectionPeer, _ channel: any Channel) {
        guard peer.link === channel else { return }
        do throws(DecodeError) {
            let notification = try message.withByteView { (bytes) throws(DecodeError) in
                try Zab.Notification(from: peer.id, bytes)
            }
            logger.trace("from server \(peer.id): \(notification.text)")
            reports?.notification(notification)
        } catch {
            logger.debug("left out a notification of server \(peer.id): \(error)")
        }
    }

    func becameWritable(_ peer: ElectionPeer, _ channel: any Channel) {
        guard peer.link === channel, let waiting = peer.waiting else { return }
        peer.waiting = nil
        let isOutdated = waiting.state == .looking && reports?.isLooking() == false
        if !isOutdated { write(waiting, channel) }
    }

    // MARK: Connections

    /// The connection to a server stands.
    func adopt(_ channel: any Channel, _ peer: ElectionPeer) {
        guard !isClosed else { return channel.close(promise: nil) }
        peer.adopt(channel)?.close(promise: nil)
        logger.debug("election connection with server \(peer.id)")
        becameWritable(peer, channel)
        reports?.link(peer.id, true)
    }

    func closed(_ channel: any Channel, _ peer: ElectionPeer?) {
        arrivals.remove(channel)
        guard let peer, peer.lose(channel), !isClosed else { return }
        logger.debug("the election connection with server \(peer.id) is gone")
        reports?.link(peer.id, false)
        dialLater(peer)
    }
}
