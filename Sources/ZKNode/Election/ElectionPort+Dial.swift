import NIOCore
import NIOPosix
import ServerConfiguration
import ZKWire

// Connections that this server makes.
extension ElectionPort {
    /// How long a knock may stay open.
    private static let knockTimeout = TimeAmount.seconds(2)

    func dial(_ peer: ElectionPeer) {
        guard !isClosed, !peer.isDialling else { return }
        peer.retry?.cancel()
        peer.retry = nil
        peer.isDialling = true
        peer.lastDial = .now()
        dialBootstrap(peer).connect(to: peer.endpoint.takeNext())
            .assumeIsolated().whenComplete { [self] result in
                peer.isDialling = false
                switch result {
                case .success(let channel): reached(peer, channel)
                case .failure(let error): unreachable(peer, error)
                }
            }
    }

    private func dialBootstrap(_ peer: ElectionPeer) -> ClientBootstrap {
        ClientBootstrap(group: eventLoop)
            .connectTimeout(settings.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: settings.isKeepAliveOn ? 1 : 0)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ElectionHandler(self, peer.isDialled ? .dialled(peer) : .knock))
                }
            }
    }

    private func reached(_ peer: ElectionPeer, _ channel: any Channel) {
        guard !isClosed, channel.isActive else {
            channel.close(promise: nil)
            return dialLater(peer)
        }
        channel.writeAndFlush(initialMessage, promise: nil)
        guard !peer.isDialled else { return adopt(channel, peer) }
        // Closed by the other server, which connects back; if it does not, we knock again.
        eventLoop.assumeIsolated().scheduleTask(in: ElectionPort.knockTimeout) {
            channel.close(promise: nil)
        }
        dialLater(peer)
    }

    private func unreachable(_ peer: ElectionPeer, _ error: any Error) {
        guard !isClosed else { return }
        if peer.backoff.isFirst {
            logger.info("server \(peer.id) cannot be reached at its election port: \(error)")
        }
        if peer.link == nil { reports?.link(peer.id, false) }
        dialLater(peer)
    }

    /// Tries again after a while, unless there is a connection by then.
    func dialLater(_ peer: ElectionPeer) {
        guard !isClosed, peer.link == nil, peer.retry == nil else { return }
        peer.retry = eventLoop.assumeIsolated().scheduleTask(in: peer.backoff.takeNext()) { [self] in
            peer.retry = nil
            if peer.link == nil { dial(peer) }
        }
    }

    private var initialMessage: ByteBuffer {
        let addresses = settings.ownAddresses.map {
            ElectionAddress(host: $0.host, port: UInt16(clamping: $0.port))
        }
        let writer = ByteWriter()
        writer.writeElectionInitialMessage(
            ElectionInitialMessage(
                version: settings.sendsAllAddresses ? .allAddresses : .oneAddress,
                server: settings.own,
                addresses: settings.sendsAllAddresses ? addresses : Array(addresses.prefix(1))))
        return ByteBuffer(bytes: writer.view)
    }
}
