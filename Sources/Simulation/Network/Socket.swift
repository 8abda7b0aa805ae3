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
    let host: Host
    let remote: Host
    weak var peer: Socket?
    /// This end still can send and receive.
    private(set) var isOpen = true
    /// What is on its way from this end.
    private var pipe = Deque<Item>()
    private var pipeBytes = 0
    private var isPumping = false
    private var isStalled = false
    private var lastReady = Int64(0)
    /// Came before whoever owns this end had taken it.
    private var early: [Payload?] = []
    private var isOwned = false

    private var received: (Payload) -> Void = { _ in }
    private var ended: () -> Void = {}
    var drained: () -> Void = {}

    init(_ network: Network, _ number: Int, at host: Host, to remote: Host) {
        self.network = network
        self.number = number
        self.host = host
        self.remote = remote
    }

    var isWritable: Bool { pipeBytes < network.highWaterBytes }

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
        lastReady = max(lastReady, network.now + network.delay().nanoseconds)
        pipe.append(Item(readyAt: lastReady, payload: payload))
        pump()
    }

    private func pump() {
        guard !isPumping, !isStalled, let first = pipe.first else { return }
        isPumping = true
        network.after(Span(nanoseconds: first.readyAt - network.now)) { [self] in
            isPumping = false
            transfer()
        }
    }

    private func transfer() {
        guard let item = pipe.first else { return }
        guard network.isOpen(host, remote) else {
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

    /// A stream has no frames: what was sent at once may come in two.
    private func deliverInPieces(_ payload: Payload) {
        guard case .bytes(let bytes) = payload, bytes.count > 1, network.chance.oneIn(8) else {
            peer?.deliver(payload)
            return
        }
        let cut = 1 + network.chance.below(bytes.count - 1)
        peer?.deliver(.bytes(Array(bytes[..<cut])))
        // The rest follows before everything else: at the head of the pipe.
        pipeBytes += bytes.count - cut
        let ready = network.now + network.delay().nanoseconds
        pipe.prepend(Item(readyAt: ready, payload: .bytes(Array(bytes[cut...]))))
        lastReady = max(lastReady, ready)
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
