import Glibc
import Logging
import NIOCore
import NIOPosix
import ServerConfiguration

/// The client port.
enum ClientListener {
    /// How much is taken from a socket at once: as much as its client sends. Each connection keeps
    /// its buffer, and most clients of many say little.
    private static let receiveAllocator = AdaptiveRecvByteBufferAllocator(
        minimum: 64, initial: 512, maximum: 64 * 1024)

    /// Listens, and says so: this is the last line of a start.
    static func bind(
        _ loop: CoreLoop, _ settings: ClientSettings, _ logger: Logger, _ recovered: String
    ) throws(ServerFailure) -> any Channel {
        do {
            let channel = try bind(bootstrap(loop, settings), settings)
            let port = channel.localAddress?.port ?? settings.port
            logger.info(
                "\(recovered); serving clients on \(settings.address ?? "every address"):\(port)")
            return channel
        } catch {
            throw ServerFailure(
                .cannotListen,
                """
                cannot listen on \(settings.address ?? "every address") port \(settings.port): \
                \(reason(error))
                """)
        }
    }

    /// What the system said, and what to do about it.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error). Correct clientPortAddress" }
        let words = String(cString: strerror(error.errnoCode)) + " (errno \(error.errnoCode)). "
        return switch error.errnoCode {
        case EADDRINUSE: words + "Stop the server that is running there, or set another clientPort"
        case EACCES: words + "Set a clientPort of 1024 or more, or give the server the right to it"
        default: words + "Set clientPort, and clientPortAddress to an address of this machine"
        }
    }

    private static func bootstrap(_ loop: CoreLoop, _ settings: ClientSettings) -> ServerBootstrap {
        ServerBootstrap(group: loop.eventLoop)
            .serverChannelOption(.backlog, value: CInt(settings.listenBacklog ?? 1024))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: settings.keepAliveValue)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: receiveAllocator)
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(low: 128 * 1024, high: 512 * 1024)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientHandler(loop: loop))
                }
            }
    }

    /// Without an address: IPv6 and IPv4 both, or IPv4 alone where the machine has no IPv6.
    static func bind(
        _ bootstrap: ServerBootstrap, _ settings: ClientSettings
    ) throws -> any Channel {
        if let address = settings.address {
            return try bootstrap.bind(host: address, port: settings.port).wait()
        }
        do {
            return try bootstrap.bind(host: "::", port: settings.port).wait()
        } catch {
            return try bootstrap.bind(host: "0.0.0.0", port: settings.port).wait()
        }
    }
}

extension ClientSettings {
    fileprivate var keepAliveValue: ChannelOptions.Types.SocketOption.Value {
        isTCPKeepAliveOn ? 1 : 0
    }
}
