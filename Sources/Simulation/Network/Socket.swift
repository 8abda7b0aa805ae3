import DequeModule
import Zab

/// What goes over a connection.
enum Payload {
    case bytes([UInt8])
    case notification(Zab.Notification)
    /// The first word on an election connection: who connected.
    case hello(Int)

    var size: Int { if case .bytes(let bytes) = self { bytes.count } else { 64 } }
}

/// One end of a connection.
final class Socket {
    private struct Item {
        let readyAt: Int64
        /// nil: nothing more comes.
        let payload: Payload?
    }

    private unowned let network: Network
    let number: Int
    let path: Path
    /// Not weak, which would make every use of a socket dear.
    var peer: Socket?
    /// This end still can send and receive.
    private(set) var isOpen = true
    /// What is on its way from this end.
    private var pipe = Deque<Item>()
    private var pipeBytes = 0
    /// When the next item is due, as far as that is planned.
    private var pumpAt: Int64?
    private var isStalled = false
    private var lastReady = Int64(0)
    /// Came before whoever owns this end had taken it.
    private var early: [Payload?] = []
    private var isOwned = false

    private var received: (Payload) -> Void = { _ in }
    private var ended: () -> Void = {}
    var drained: () -> Void = {}

    init(_ network: Network, _ number: Int, _ path: Path) {
        self.network = network
        self.number = number
        self.path = path
    }

    var host: Host { path.from }
    var remote: Host { path.to }

    var isWritable: Bool { pipeBytes < network.socketBytes }

    /// Says who hears what comes.
    func own(received: @escaping (Payload) -> Void, ended: @escaping () -> Void) {
        self.received = received
        self.ended = ended
        isOwned = true
        let waiting = early
        early = []
        for payload in waiting { deliver(payload) }
    }

    // MARK: Sending

    func send(_ payload: Payload) {
        guard isOpen else { return }
        pipeBytes += payload.size
        push(payload)
    }

    /// What was sent is delivered; then the other end learns that nothing more comes.
    func close() {
        guard isOpen else { return }
        isOpen = false
        push(nil)
        network.forget(self)
        letGo()
    }

    /// Whoever owned this end holds it, and is held by it no more.
    private func letGo() {
        received = { _ in }
        ended = {}
        drained = {}
    }

    /// The process is gone.
    func die() {
        guard isOpen else { return }
        pipe.removeAll()
        close()
    }

    private func push(_ payload: Payload?) {
        lastReady = max(lastReady, network.now + network.delay(path).nanoseconds)
        pipe.append(Item(readyAt: lastReady, payload: payload))
        pump()
    }

    private func pump() {
        guard pumpAt == nil, !isStalled, let first = pipe.first else { return }
        let due = first.readyAt
        pumpAt = due
        network.after(Span(nanoseconds: due - network.now)) { [self] in
            guard pumpAt == due else { return }
            pumpAt = nil
            transfer()
        }
    }

    private func transfer() {
        guard let item = pipe.first else { return }
        guard network.isOpen(path) else {
            isStalled = true
            return network.stall(self)
        }
        pipe.removeFirst()
        if let payload = item.payload {
            pipeBytes -= payload.size
            deliverInPieces(payload)
        } else {
            peer?.deliver(nil)
        }
        if isOpen, pipe.isEmpty { drained() }
        pump()
    }

    /// A narrow path takes a little at a time.
    private static let slice = Span.milliseconds(20)

    /// A stream has no frames: what was sent at once may come in two, or in many.
    private func deliverInPieces(_ payload: Payload) {
        guard case .bytes(let bytes) = payload, bytes.count > 1 else {
            peer?.deliver(payload)
            return
        }
        if let rate = network.rate(path) {
            let count = max(1, rate / 50)
            guard bytes.count > count else {
                peer?.deliver(payload)
                return
            }
            deliver(bytes, cut: count, restAfter: Socket.slice)
        } else if network.chance.oneIn(8) {
            let cut = 1 + network.chance.below(bytes.count - 1)
            deliver(bytes, cut: cut, restAfter: network.delay(path))
        } else {
            peer?.deliver(payload)
        }
    }

    /// The rest follows before everything else: at the head of the pipe.
    private func deliver(_ bytes: [UInt8], cut: Int, restAfter delay: Span) {
        peer?.deliver(.bytes(Array(bytes[..<cut])))
        pipeBytes += bytes.count - cut
        let ready = network.now + delay.nanoseconds
        pipe.prepend(Item(readyAt: ready, payload: .bytes(Array(bytes[cut...]))))
        lastReady = max(lastReady, ready)
    }

    /// What is on its way is no later than it would be if it were sent now.
    func hurry() {
        let latest = network.now + network.latency.upperBound.nanoseconds
        guard lastReady > latest else { return }
        lastReady = latest
        pipe = Deque(
            pipe.map { Item(readyAt: min($0.readyAt, latest), payload: $0.payload) })
        pumpAt = nil
        pump()
    }

    /// The path is whole again.
    func resume() {
        guard isStalled else { return }
        isStalled = false
        pump()
    }

    // MARK: Receiving

    private func deliver(_ payload: Payload?) {
        guard isOpen else { return }
        guard isOwned else { return early.append(payload) }
        if let payload {
            network.record("delivered", self, payload.size)
            received(payload)
        } else {
            breakOff()
        }
    }

    /// The connection is gone as far as this end knows.
    func breakOff() {
        guard isOpen else { return }
        isOpen = false
        network.forget(self)
        network.record("broken", self, 0)
        let ended = ended
        letGo()
        ended()
    }
}
