import Logging
import NIOCore
import Repair
import ZKWire

/// Answers requests, on the loop or off it; calls back on the loop.
package typealias RepairResponder = (RepairRequest, @escaping (RepairResponse?) -> Void) -> Void

/// The connections of members that repair themselves: one of each member.
// SAFETY: `@unchecked`: confined to the event loop of its channels.
final class RepairDesk: @unchecked Sendable {
    let members: Set<ServerID>
    let responder: RepairResponder
    let logger: Logger
    private var connections: [ServerID: any Channel] = [:]

    init(_ members: Set<ServerID>, _ logger: Logger, _ responder: @escaping RepairResponder) {
        self.members = members
        self.logger = logger
        self.responder = responder
    }

    /// A member's new connection takes its old one's place.
    fileprivate func adopt(_ server: ServerID, _ channel: any Channel) {
        connections.updateValue(channel, forKey: server)?.close(promise: nil)
        logger.debug("server \(server) asks for what it has lost")
    }

    fileprivate func closed(_ server: ServerID, _ channel: any Channel) {
        if let present = connections[server], present === channel { connections[server] = nil }
    }
}

/// One connection of a member that repairs itself, on the side that answers: requests in, responses
/// out, one at a time.
// SAFETY: `@unchecked`: confined to its channel's event loop.
final class RepairConnection: @unchecked Sendable {
    /// A member that is done with an answer asks again, or for a status, well before.
    private static let silence = TimeAmount.seconds(30)

    private let desk: RepairDesk
    private let channel: any Channel
    private var frames = RepairFrameBuffer(limit: RepairFormat.maximumRequestBytes)
    private var server: ServerID?
    private var isAnswering = false
    private var timer: Scheduled<Void>?
    private let onIdentified: () -> Void

    /// - Parameter onIdentified: a member has said who it is; until then it is anybody.
    init(
        _ desk: RepairDesk, _ channel: any Channel, onIdentified: @escaping () -> Void
    ) {
        self.desk = desk
        self.channel = channel
        self.onIdentified = onIdentified
        expect()
    }

    func received(_ bytes: ByteView) {
        frames.add(bytes)
        expect()
        do throws(DecodeError) {
            guard let frame = try frames.next() else { return }
            // The next request may come when this one has been answered.
            guard !isAnswering else { return close("a second request before the first was answered") }
            let request = try frame.withByteView { (bytes) throws(DecodeError) in
                try RepairRequest(decoding: bytes)
            }
            guard isExpected(request) else { return close("a request by nobody") }
            answer(request)
        } catch {
            close("\(error)")
        }
    }

    func closed() {
        timer?.cancel()
        if let server { desk.closed(server, channel) }
    }

    /// Who it is comes first.
    private func isExpected(_ request: RepairRequest) -> Bool {
        guard case .hello(let sender) = request else { return server != nil }
        guard server == nil, desk.members.contains(sender) else { return false }
        server = sender
        onIdentified()
        desk.adopt(sender, channel)
        return true
    }

    private func answer(_ request: RepairRequest) {
        isAnswering = true
        desk.responder(request) { [self] response in
            guard let response else { return close("no answer can be given") }
            channel.writeAndFlush(ByteBuffer(bytes: response.encoded())).assumeIsolated()
                .whenSuccess { [self] in
                    isAnswering = false
                    expect()
                }
        }
    }

    private func expect() {
        timer?.cancel()
        timer = channel.eventLoop.assumeIsolated().scheduleTask(in: RepairConnection.silence) {
            [weak self] in self?.close("silence")
        }
    }

    private func close(_ reason: String) {
        desk.logger.debug("closed a connection for a repair: \(reason)")
        channel.close(promise: nil)
    }
}
