import Logging
import NIOCore
import NIOPosix
import ServerConfiguration

/// A port on which the other servers of the ensemble reach this one.
struct PeerListener: Sendable {
    /// For messages: `election` or `quorum`.
    let name: String
    /// The addresses of the server's own `server.N` line, or of the whole machine.
    let addresses: [HostAndPort]
    /// How often binding is tried; a name service may not know the own name yet.
    let attempts: Int
    let logger: Logger
    /// The server is to stop: nothing is tried any more.
    let isStopping: @Sendable () -> Bool

    private static let retryDelay = TimeAmount.seconds(1)

    /// - Parameter onAll: `quorumListenOnAllIPs`.
    init(
        _ name: String, _ addresses: [HostAndPort], onAll: Bool, attempts: Int, _ logger: Logger,
        isStopping: @escaping @Sendable () -> Bool
    ) {
        self.name = name
        let ports = Set(addresses.map(\.port)).sorted()
        self.addresses = onAll ? ports.map { HostAndPort(host: "", port: $0) } : addresses
        self.attempts = attempts
        self.logger = logger
        self.isStopping = isStopping
    }

    /// Listens on all of the addresses. Blocks: not for the core's loop.
    func bind(_ bootstrap: ServerBootstrap) throws(ServerFailure) -> [any Channel] {
        var channels: [any Channel] = []
        for address in addresses {
            do throws(ServerFailure) {
                channels.append(try bind(bootstrap, address))
            } catch {
                for channel in channels { try? channel.close().wait() }
                throw error
            }
        }
        return channels
    }

    private func bind(
        _ bootstrap: ServerBootstrap, _ address: HostAndPort
    ) throws(ServerFailure) -> any Channel {
        var attempt = 1
        while true {
            do {
                return try PeerListener.bindOnce(bootstrap, address)
            } catch {
                let place =
                    address.host.isEmpty ? "every address, port \(address.port)" : "\(address)"
                guard attempts == 0 || attempt < attempts, !isStopping() else {
                    throw ServerFailure(
                        .cannotListen,
                        """
                        cannot listen for the other servers on \(place) (the \(name) port of this \
                        server's server.N line): \(error). Is another server running there? If \
                        the address is not one of this machine's, set quorumListenOnAllIPs=true.
                        """)
                }
                logger.warning("cannot listen on \(place) (\(name) port) yet: \(error)")
                attempt += 1
                waitForRetry()
            }
        }
    }

    private func waitForRetry() {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try? loop.scheduleTask(in: PeerListener.retryDelay) {}.futureResult.wait()
    }

    /// On every address: IPv6 and IPv4 both, or IPv4 alone where the machine has no IPv6.
    private static func bindOnce(
        _ bootstrap: ServerBootstrap, _ address: HostAndPort
    ) throws -> any Channel {
        guard address.host.isEmpty else {
            return try bootstrap.bind(host: address.host, port: address.port).wait()
        }
        do {
            return try bootstrap.bind(host: "::", port: address.port).wait()
        } catch {
            return try bootstrap.bind(host: "0.0.0.0", port: address.port).wait()
        }
    }
}
