// The connections of members that repair themselves, on the side that answers (`RepairDesk`,
// `RepairConnection`): one of each member, one request at a time.

import Repair
import ZKWire
import Zab

final class RepairDeskTwin {
    let run: Run
    let members: Set<ServerID>
    /// Answers a request, at once or later; nil: no answer can be given.
    let responder: (RepairRequest, @escaping (RepairResponse?) -> Void) -> Void
    private var connections: [ServerID: Socket] = [:]

    init(
        _ run: Run, _ own: ServerID,
        _ responder: @escaping (RepairRequest, @escaping (RepairResponse?) -> Void) -> Void
    ) {
        self.run = run
        self.responder = responder
        members = Set(run.options.members.filter { $0 != own })
    }

    /// A member's new connection takes its old one's place.
    fileprivate func adopt(_ server: ServerID, _ wire: Socket) {
        connections.updateValue(wire, forKey: server)?.close()
    }
}

final class RepairConnectionTwin {
    private static let silence = Span.seconds(30)

    private let desk: RepairDeskTwin
    private let wire: Socket
    private var opening: [UInt8] = []
    private var isOpened = false
    private var frames = RepairFrameBuffer(limit: RepairFormat.maximumRequestBytes)
    private var server: ServerID?
    private var isAnswering = false
    private var timer = 0

    init(_ desk: RepairDeskTwin, _ wire: Socket) {
        self.desk = desk
        self.wire = wire
        expect()
    }

    func received(_ bytes: [UInt8]) {
        guard wire.isOpen else { return }
        var rest = bytes
        if !isOpened {
            opening += bytes
            guard opening.count >= 8 else { return }
            let first = opening.withByteView { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) }
            guard first == RepairFormat.protocolID else { return wire.close() }
            isOpened = true
            rest = Array(opening[8...])
        }
        rest.withByteView { frames.add($0) }
        expect()
        do throws(DecodeError) {
            guard let frame = try frames.next() else { return }
            guard !isAnswering else { return wire.close() }
            let request = try frame.withByteView { (view) throws(DecodeError) in
                try RepairRequest(decoding: view)
            }
            guard isExpected(request) else { return wire.close() }
            answer(request)
        } catch {
            desk.run.fail("P-19", "\(wire.host) cannot decode a repair's request: \(error)")
        }
    }

    /// Who it is comes first.
    private func isExpected(_ request: RepairRequest) -> Bool {
        guard case .hello(let sender) = request else { return server != nil }
        guard server == nil, desk.members.contains(sender) else { return false }
        server = sender
        desk.adopt(sender, wire)
        return true
    }

    private func answer(_ request: RepairRequest) {
        isAnswering = true
        desk.responder(request) { [self] response in
            guard let response else { return wire.close() }
            wire.send(.bytes(response.encoded()))
            isAnswering = false
            expect()
        }
    }

    private func expect() {
        timer += 1
        let current = timer
        desk.run.after(RepairConnectionTwin.silence) { [weak self] in
            if let self, timer == current { wire.close() }
        }
    }
}
