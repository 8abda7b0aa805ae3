import NIOCore
import NIOPosix
import ServerConfiguration
import ZKWire
import Zab

/// A search for a leader, and the addresses that it tries in turn.
final class LeaderDial {
    var search: LeaderSearch
    var endpoint: PeerEndpoint

    init(_ search: LeaderSearch, _ endpoint: PeerEndpoint) {
        self.search = search
        self.endpoint = endpoint
    }
}

extension QuorumPort {
    /// Reports `.leaderReached` or `.leaderUnreachable`, unless another search takes its place.
    func connect(to server: ServerID) {
        guard !isClosed else { return }
        guard let addresses = settings.peers[server] else {
            return report(.leaderUnreachable(server))
        }
        let dial = LeaderDial(
            LeaderSearch(
                server, now: Now.current().monotonic,
                limit: .nanoseconds(settings.connectLimit.nanoseconds)),
            PeerEndpoint(addresses))
        self.dial = dial
        attempt(dial)
    }

    /// A server that follows another one, or none, gives the search up.
    func keepSearching(_ role: Role) {
        if dial?.search.isWanted(in: role) == false { dial = nil }
    }

    private func attempt(_ dial: LeaderDial) {
        let number = dial.search.beginAttempt()
        let handler = QuorumHandler(self)
        // SAFETY: all of it stays on the one loop that the bootstrap has.
        nonisolated(unsafe) let (dial, confined) = (dial, handler)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(LeaderSearch.attemptTimeout.timeAmount)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 2)
            .channelOption(.recvAllocator, value: QuorumPort.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: QuorumPort.waterMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(confined)
                }
            }
            .connect(to: dial.endpoint.takeNext())
            .assumeIsolated().whenComplete { [self] result in
                switch result {
                case .success(let channel): reached(dial, number, channel, confined)
                case .failure(let error): missed(dial, number, error)
                }
            }
        eventLoop.assumeIsolated().scheduleTask(in: LeaderSearch.redialInterval.timeAmount) {
            [self] in
            guard self.dial === dial,
                dial.search.isRedialDue(number, now: Now.current().monotonic)
            else { return }
            attempt(dial)
        }
    }

    private func reached(
        _ dial: LeaderDial, _ number: Int, _ channel: any Channel, _ handler: QuorumHandler
    ) {
        guard self.dial === dial, channel.isActive else {
            channel.close(promise: nil)
            return missed(dial, number, ChannelError.alreadyClosed)
        }
        self.dial = nil
        let link = add(channel, isToLeader: true, settings.limits)
        handler.link = link
        report(.leaderReached(link.id))
    }

    private func missed(_ dial: LeaderDial, _ number: Int, _ error: any Error) {
        guard self.dial === dial, dial.search.isLatest(number) else { return }
        guard let wait = dial.search.missed(now: Now.current().monotonic) else {
            let server = dial.search.server
            logger.info("server \(server) cannot be reached at its quorum port: \(error)")
            self.dial = nil
            return report(.leaderUnreachable(server))
        }
        eventLoop.assumeIsolated().scheduleTask(in: wait.timeAmount) { [self] in
            if self.dial === dial { attempt(dial) }
        }
    }
}
