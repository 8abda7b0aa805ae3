import NIOCore
import ZKWire

/// The thin end of a connection on the quorum port: bytes to the port, nothing decided here.
final class QuorumHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let port: QuorumPort
    /// nil until the port has taken the connection, and after it has refused it.
    var link: QuorumLink?

    init(_ port: QuorumPort) { self.port = port }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let link else { return }
        unwrapInboundIn(data).withUnsafeReadableBytes { port.received($0, link) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let link { port.closed(link) }
        link = nil
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let link, context.channel.isWritable { port.flush(link) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Before a `QuorumHandler`, where somebody else made the connection.
final class QuorumArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let port: QuorumPort
    private let handler: QuorumHandler

    init(_ port: QuorumPort, _ handler: QuorumHandler) {
        self.port = port
        self.handler = handler
    }

    func channelActive(context: ChannelHandlerContext) {
        handler.link = port.arrived(context.channel)
        context.fireChannelActive()
    }
}
