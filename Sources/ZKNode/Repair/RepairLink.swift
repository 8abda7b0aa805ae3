import NIOCore
import NIOPosix
import Repair
import ServerConfiguration
import ZKWire

/// The side that asks: a connection to another member, made again whenever it breaks.
// SAFETY: `@unchecked`: confined to the repair's event loop.
final class RepairLink: @unchecked Sendable {
    /// To connect, and to begin an answer.
    private static let timeout = TimeAmount.seconds(10)
    private static let retryDelay = TimeAmount.milliseconds(500)

    let server: ServerID
    private let own: ServerID
    private var endpoint: PeerEndpoint
    private let eventLoop: any EventLoop
    private let report: (RepairEvent) -> Void
    private var channel: (any Channel)?
    private var timer: Scheduled<Void>?
    private var isClosed = false

    init(
        _ server: ServerID, own: ServerID, _ addresses: [HostAndPort], _ eventLoop: any EventLoop,
        _ report: @escaping (RepairEvent) -> Void
    ) {
        self.server = server
        self.own = own
        endpoint = PeerEndpoint(addresses)
        self.eventLoop = eventLoop
        self.report = report
    }

    func connect() {
        guard !isClosed else { return }
        ClientBootstrap(group: eventLoop)
            .connectTimeout(RepairLink.timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RepairLinkHandler(self))
                }
            }
            .connect(to: endpoint.takeNext())
            .assumeIsolated().whenComplete { [self] result in
                switch result {
                case .success(let channel): reached(channel)
                case .failure: connectLater()
                }
            }
    }

    private func reached(_ channel: any Channel) {
        guard !isClosed, channel.isActive else {
            channel.close(promise: nil)
            return connectLater()
        }
        self.channel = channel
        report(.connected(server))
        write(RepairRequest.opening(own))
    }

    private func connectLater() {
        guard !isClosed else { return }
        eventLoop.assumeIsolated().scheduleTask(in: RepairLink.retryDelay) { [self] in connect() }
    }

    func ask(_ request: RepairRequest) { write(request.encoded()) }

    private func write(_ bytes: [UInt8]) {
        channel?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        expect()
    }

    /// Whoever takes longer is as good as gone.
    private func expect() {
        timer?.cancel()
        timer = eventLoop.assumeIsolated().scheduleTask(in: RepairLink.timeout) { [weak self] in
            self?.breakOff()
        }
    }

    func breakOff() { channel?.close(promise: nil) }

    func close() {
        isClosed = true
        timer?.cancel()
        channel?.close(promise: nil)
    }

    fileprivate func progress() { expect() }

    fileprivate func received(_ response: RepairResponse) {
        timer?.cancel()
        report(.response(server, response))
    }

    fileprivate func lost() {
        guard channel != nil else { return }
        channel = nil
        timer?.cancel()
        guard !isClosed else { return }
        report(.disconnected(server))
        connectLater()
    }
}

private final class RepairLinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: RepairLink
    private var frames = RepairFrameBuffer(limit: RepairFormat.maximumResponseBytes)

    init(_ link: RepairLink) { self.link = link }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { frames.add($0) }
        link.progress()
        do throws(DecodeError) {
            while let frame = try frames.next() {
                link.received(
                    try frame.withByteView { (bytes) throws(DecodeError) in
                        try RepairResponse(decoding: bytes)
                    })
            }
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { link.lost() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
