// The side of a repair that asks (`RepairLink`): a connection to another member, made again whenever
// it breaks.

import Repair
import ZKWire
import Zab

final class RepairLinkTwin {
    /// To connect, and to begin an answer.
    private static let timeout = Span.seconds(10)
    private static let retryDelay = Span.milliseconds(500)

    let server: ServerID
    private let hardware: Hardware
    private let network: Network
    private let report: (RepairEvent) -> Void
    private var wire: Socket?
    private var frames = RepairFrameBuffer(limit: RepairFormat.maximumResponseBytes)
    private var timer = 0
    private var isClosed = false

    init(
        _ server: ServerID, _ hardware: Hardware, _ network: Network,
        _ report: @escaping (RepairEvent) -> Void
    ) {
        self.server = server
        self.hardware = hardware
        self.network = network
        self.report = report
    }

    func connect() {
        guard !isClosed else { return }
        network.connect(
            hardware.host, to: Host(number: Int(server.rawValue)), .election,
            timeout: RepairLinkTwin.timeout
        ) { [self] wire in
            guard let wire else { return connectLater() }
            guard !isClosed else { return wire.close() }
            reached(wire)
        }
    }

    private func reached(_ wire: Socket) {
        self.wire = wire
        frames = RepairFrameBuffer(limit: RepairFormat.maximumResponseBytes)
        wire.own { [self] payload in
            received(payload, wire)
        } ended: { [self] in
            lost(wire)
        }
        report(.connected(server))
        write(RepairRequest.opening(hardware.id))
    }

    private func connectLater() {
        hardware.run.after(RepairLinkTwin.retryDelay) { [self] in connect() }
    }

    func ask(_ request: RepairRequest) { write(request.encoded()) }

    private func write(_ bytes: [UInt8]) {
        wire?.send(.bytes(bytes))
        expect()
    }

    /// Whoever takes longer is as good as gone.
    private func expect() {
        timer += 1
        let current = timer
        hardware.run.after(RepairLinkTwin.timeout) { [self] in
            if timer == current { breakOff() }
        }
    }

    func breakOff() {
        guard let wire else { return }
        wire.close()
        hardware.run.after(.zero) { [self] in lost(wire) }
    }

    func close() {
        isClosed = true
        timer += 1
        wire?.close()
        wire = nil
    }

    private func received(_ payload: Payload, _ wire: Socket) {
        guard case .bytes(let bytes) = payload, wire === self.wire else { return }
        bytes.withByteView { frames.add($0) }
        expect()
        do throws(DecodeError) {
            while let frame = try frames.next() {
                timer += 1
                let response = try frame.withByteView { (view) throws(DecodeError) in
                    try RepairResponse(decoding: view)
                }
                report(.response(server, response))
            }
        } catch {
            hardware.run.fail("P-19", "server \(hardware.id) cannot decode a repair's answer: \(error)")
        }
    }

    private func lost(_ wire: Socket) {
        guard !isClosed, wire === self.wire else { return }
        self.wire = nil
        timer += 1
        report(.disconnected(server))
        connectLater()
    }
}
