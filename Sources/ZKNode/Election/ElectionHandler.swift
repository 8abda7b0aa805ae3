import NIOCore
import ZKWire

/// One connection of the election port: bytes to messages.
final class ElectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Which connection it is.
    enum Side {
        /// Somebody connected to this server.
        case accepted
        /// This server made it, and keeps it.
        case dialled(ElectionPeer)
        /// This server made it to be connected back: nothing is expected on it.
        case knock
    }

    private let port: ElectionPort
    private let side: Side
    private var decoder: ElectionStreamDecoder
    /// Who is at the other end, once that is known.
    private var peer: ElectionPeer?
    /// What an accepted connection begins with, until that is known.
    private var opening: RepairOpening?
    /// It is one for a repair.
    private var repair: RepairConnection?

    init(_ port: ElectionPort, _ side: Side) {
        self.port = port
        self.side = side
        switch side {
        case .accepted:
            decoder = ElectionStreamDecoder(expectsInitialMessage: true)
            opening = RepairOpening()
        case .dialled(let peer):
            decoder = ElectionStreamDecoder(expectsInitialMessage: false)
            self.peer = peer
        case .knock: decoder = ElectionStreamDecoder(expectsInitialMessage: false)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        if case .accepted = side { port.arrived(context.channel) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .knock = side { return context.close(promise: nil) }
        let channel = context.channel
        unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            if let repair { return repair.received(bytes) }
            guard opening != nil else { return takeOrRefuse(bytes, channel) }
            switch opening?.take(bytes) {
            case .undecided, nil: break
            case .other(let all):
                opening = nil
                all.withByteView { takeOrRefuse($0, channel) }
            case .repair(let rest):
                opening = nil
                repair = port.beginRepair(channel)
                rest.withByteView { repair?.received($0) }
            }
        }
    }

    private func takeOrRefuse(_ bytes: ByteView, _ channel: any Channel) {
        do throws(DecodeError) {
            try take(bytes, channel)
        } catch {
            port.refuse(channel, error)
        }
    }

    /// Of notifications that came together the last one says everything.
    private func take(_ bytes: ByteView, _ channel: any Channel) throws(DecodeError) {
        var input = bytes
        var last: [UInt8]?
        while let item = try decoder.next(&input) {
            switch item {
            case .initialMessage(let message):
                peer = port.identified(message, channel)
                guard peer != nil else { return }
            case .message(let bytes): last = [UInt8](bytes)
            }
        }
        if let last, let peer { port.received(last, from: peer, channel) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        repair?.closed()
        port.closed(context.channel, peer)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let peer { port.becameWritable(peer, context.channel) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
