import NIOCore
import NIOPosix
import ZKWire
import Zab

/// The attempts of a learner to reach its leader, which may not lead yet.
final class LeaderSearch {
    let server: ServerID
    let deadline: NIODeadline
    var endpoint: PeerEndpoint
    var backoff = Backoff(.milliseconds(20), upTo: .milliseconds(200))

    init(_ server: ServerID, _ endpoint: PeerEndpoint, limit: TimeAmount) {
        self.server = server
        self.endpoint = endpoint
        deadline = .now() + limit
    }
}

extension QuorumPort {
    /// One attempt waits at most so long for an answer of the network.
    private static let attemptTimeout = TimeAmount.seconds(2)

    /// Reports `.leaderReached` or `.leaderUnreachable`, unless another search takes its place.
    func connect(to server: ServerID) {
        guard !isClosed else { return }
        guard let addresses = settings.peers[server] else {
            return report(.leaderUnreachable(server))
        }
        let search = LeaderSearch(server, PeerEndpoint(addresses), limit: settings.connectLimit)
        self.search = search
        attempt(search)
    }

    /// A server that follows another one, or none, gives the search up.
    func keepSearching(_ role: Role) {
        switch role {
        case .following(let leader, _) where leader == search?.server: break
        case .observing(let leader, _) where leader == search?.server: break
        case .looking, .leading, .following, .observing: search = nil
        }
    }

    private func attempt(_ search: LeaderSearch) {
        let handler = QuorumHandler(self)
        // SAFETY: all of it stays on the one loop that the bootstrap has.
        nonisolated(unsafe) let (search, confined) = (search, handler)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(QuorumPort.attemptTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 2)
            .channelOption(.recvAllocator, value: QuorumPort.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: QuorumPort.waterMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(confined)
                }
            }
            .connect(to: search.endpoint.takeNext())
            .assumeIsolated().whenComplete { [self] result in
                switch result {
                case .success(let channel): reached(search, channel, confined)
                case .failure(let error): missed(search, error)
                }
            }
    }

    private func reached(
        _ search: LeaderSearch, _ channel: any Channel, _ handler: QuorumHandler
    ) {
        guard self.search === search, channel.isActive else {
            channel.close(promise: nil)
            return missed(search, ChannelError.alreadyClosed)
        }
        self.search = nil
        let link = add(channel, isToLeader: true, settings.limits)
        handler.link = link
        report(.leaderReached(link.id))
    }

    private func missed(_ search: LeaderSearch, _ error: any Error) {
        guard self.search === search else { return }
        let wait = search.backoff.takeNext()
        guard NIODeadline.now() + wait < search.deadline else {
            logger.info("server \(search.server) cannot be reached at its quorum port: \(error)")
            self.search = nil
            return report(.leaderUnreachable(search.server))
        }
        eventLoop.assumeIsolated().scheduleTask(in: wait) { [self] in
            if self.search === search { attempt(search) }
        }
    }
}
