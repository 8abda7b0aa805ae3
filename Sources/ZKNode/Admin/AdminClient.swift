import Glibc
import NIOCore
import NIOPosix

/// The other end of the admin socket, for the command line. Blocks.
package enum AdminClient {
    package enum Failure: Error, CustomStringConvertible {
        /// Nobody listens.
        case noServer(path: String, String)
        case timedOut(seconds: Int64)
        /// The server ended before it answered.
        case closed

        package var description: String {
            switch self {
            case .noServer(let path, let words):
                "no server answers at \(path) (\(words)). Is it running, and is this its dataDir?"
            case .timedOut(let seconds):
                "no answer within \(seconds) s; the server may still be at it"
            case .closed: "the server closed the connection before it had answered"
            }
        }
    }

    /// Sends one line and returns the line that comes back.
    package static func request(
        _ line: String, dataDir: String, timeoutSeconds: Int64
    ) throws(Failure) -> String {
        let path = AdminSocket.path(dataDir: dataDir)
        let answer = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: String.self)
        let channel: any Channel
        do {
            channel = try ClientBootstrap(group: answer.futureResult.eventLoop)
                .connectTimeout(.seconds(5))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(LineCollector(answer))
                    }
                }
                .connect(unixDomainSocketPath: path).wait()
        } catch {
            answer.fail(Failure.closed)
            throw .noServer(path: path, words(error))
        }
        channel.writeAndFlush(ByteBuffer(string: line + "\n"), promise: nil)
        channel.eventLoop.scheduleTask(in: .seconds(timeoutSeconds)) {
            answer.fail(Failure.timedOut(seconds: timeoutSeconds))
            channel.close(promise: nil)
        }
        do {
            return try answer.futureResult.wait()
        } catch {
            throw (error as? Failure) ?? .closed
        }
    }

    private static func words(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }
}

/// Gathers what comes until the other side closes.
private final class LineCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: EventLoopPromise<String>
    private var text = ""

    init(_ answer: EventLoopPromise<String>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard text.last == "\n" else { return answer.fail(AdminClient.Failure.closed) }
        answer.succeed(String(text.dropLast()))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
