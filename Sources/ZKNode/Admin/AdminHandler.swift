import NIOCore

/// One connection of the admin socket: reads a line, has it answered, writes a line, closes.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let commands: AdminCommands
    private var request = ByteBuffer()
    /// A request was taken; nothing more is read.
    private var isAnswered = false
    private var isReplied = false
    private var isCounted = false

    init(_ commands: AdminCommands) { self.commands = commands }

    func channelActive(context: ChannelHandlerContext) {
        guard commands.connectionCount < AdminSocket.maximumConnections else {
            return reply(.failure("too many admin connections at once"), on: context.channel)
        }
        commands.connectionCount += 1
        isCounted = true
        let channel = context.channel
        context.eventLoop.assumeIsolated().scheduleTask(in: AdminSocket.requestTimeout) { [self] in
            if !isAnswered { channel.close(promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isAnswered = true
        if isCounted { commands.connectionCount -= 1 }
        isCounted = false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        var bytes = unwrapInboundIn(data)
        request.writeBuffer(&bytes)
        guard request.readableBytes <= AdminSocket.maximumRequestBytes else {
            return reply(.failure("the request is too long"), on: context.channel)
        }
        guard let end = request.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return }
        let length = end - request.readerIndex
        answer(request.getString(at: request.readerIndex, length: length) ?? "", context.channel)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        // Whoever has asked and waits is still to be answered.
        if isReplied || !isAnswered { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ line: String, _ channel: any Channel) {
        isAnswered = true
        commands.run(line) { [self] in reply($0, on: channel) }
    }

    /// Closes the sending side only: to close with something unread would take the reply back.
    private func reply(_ reply: AdminReply, on channel: any Channel) {
        isAnswered = true
        isReplied = true
        channel.writeAndFlush(ByteBuffer(string: reply.line)).whenComplete { _ in
            channel.close(mode: .output, promise: nil)
        }
        channel.eventLoop.assumeIsolated().scheduleTask(in: AdminSocket.requestTimeout) {
            channel.close(promise: nil)
        }
    }
}
