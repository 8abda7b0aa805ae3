import NIOCore
import NIOPosix
import Repair
import ServerConfiguration
import ZKWire

/// The client port of a server that repairs itself: four-letter words are answered, clients go to
/// another server.
final class NotServingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let wordBytes = 4
    private static let deadline = TimeAmount.seconds(5)

    private let whitelist: Set<String>
    private var received = ByteBuffer()

    init(_ whitelist: Set<String>) { self.whitelist = whitelist }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        context.eventLoop.assumeIsolated().scheduleTask(in: NotServingHandler.deadline) {
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var more = unwrapInboundIn(data)
        received.writeBuffer(&more)
        guard let word = received.getString(at: 0, length: NotServingHandler.wordBytes) else {
            return
        }
        guard let text = FourLetterWords.notServing(word, whitelist) else {
            return context.close(promise: nil)
        }
        received.clear()
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// The election port of a server that repairs itself: who repairs itself, too, is answered; everybody
/// else finds it closed.
final class RepairGateHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let desk: RepairDesk
    private let arrivals: ArrivalQueue
    private var opening = RepairOpening()
    private var connection: RepairConnection?

    init(_ desk: RepairDesk, _ arrivals: ArrivalQueue) {
        self.desk = desk
        self.arrivals = arrivals
    }

    func channelActive(context: ChannelHandlerContext) { arrivals.add(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            if let connection { return connection.received(bytes) }
            switch opening.take(bytes) {
            case .undecided: break
            case .other: context.close(promise: nil)
            case .repair(let rest):
                let channel = context.channel
                let connection = RepairConnection(desk, channel) { [arrivals] in
                    arrivals.remove(channel)
                }
                self.connection = connection
                rest.withByteView { connection.received($0) }
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        arrivals.remove(context.channel)
        connection?.closed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// The first long of a connection to the election port says whose protocol it is.
struct RepairOpening {
    enum Verdict {
        case undecided
        /// With all that came so far.
        case other([UInt8])
        case repair(rest: [UInt8])
    }

    private var bytes: [UInt8] = []

    mutating func take(_ more: ByteView) -> Verdict {
        bytes.append(contentsOf: more)
        guard bytes.count >= 8 else { return .undecided }
        let first = bytes.withByteView { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) }
        return first == RepairFormat.protocolID
            ? .repair(rest: Array(bytes[8...])) : .other(bytes)
    }
}
