import NIOCore
import ServerCore
import ZKWire

/// The thin end of a client connection: bytes to the core, nothing decided here.
final class ClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: CoreLoop
    private(set) var id: ConnectionID?

    init(loop: CoreLoop) { self.loop = loop }

    func channelActive(context: ChannelHandlerContext) {
        id = loop.connectionOpened(context.channel)
        if id == nil { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let id else { return }
        unwrapInboundIn(data).withUnsafeReadableBytes { loop.received(id, $0) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let id { loop.connectionClosed(id) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let id, context.channel.isWritable { loop.becameWritable(id) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that closes its sending side has gone, as far as the protocol goes; but
        // four-letter words come from tools that do so at once and wait for the answer.
        if let event = event as? ChannelEvent, event == .inputClosed, let id {
            loop.inputClosed(id)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
