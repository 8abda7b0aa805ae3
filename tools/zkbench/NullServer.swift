// A server of the client protocol with no tree and no sessions.
import ZKWire

/// Accepts every session and answers every request at once, in one thread; with a quorum, writes when
/// two of its three logs have them.
final class NullServer {
    private let listener: Socket
    private var poller = Poller()
    private var ready: [Int32] = []
    private var clients: [Int32: NullClient] = [:]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 256 << 10, alignment: 16)
    private var replies: NullReplies
    private let quorum: NullQuorum?

    init(port: UInt16, valueBytes: Int, quorum: NullQuorum?) throws(BenchError) {
        listener = try Socket.listening(port: port)
        replies = NullReplies(valueBytes: valueBytes)
        self.quorum = quorum
        listener.setNonBlocking()
        poller.add(listener.descriptor)
        for descriptor in quorum?.descriptors ?? [] { poller.add(descriptor) }
    }

    deinit { buffer.deallocate() }

    func serve(nanoseconds: UInt64) throws(BenchError) {
        let end = monotonicNow() &+ nanoseconds
        while true {
            let now = monotonicNow()
            guard now < end else { return }
            poller.wait(min(end &- now, 1_000_000_000), into: &ready)
            for descriptor in ready {
                if descriptor == listener.descriptor { acceptAll() } else { serve(descriptor) }
            }
            if let quorum { try turn(quorum) }
        }
    }

    private func acceptAll() {
        while let socket = listener.accepted() {
            clients[socket.descriptor] = NullClient(socket)
            poller.add(socket.descriptor)
        }
    }

    /// Hands over what has come, and answers what is durable.
    private func turn(_ quorum: NullQuorum) throws(BenchError) {
        let before = quorum.durable
        try quorum.advance()
        for (descriptor, waits) in quorum.waitsForRoom {
            poller.setWaitsForRoom(waits, descriptor)
        }
        guard quorum.durable > before else { return }
        for client in clients.values where !client.owed.isEmpty {
            while let next = client.owed.first, next.offset <= quorum.durable {
                replies.answer(next.operation, xid: next.xid, into: client.output)
                client.owed.removeFirst()
            }
            flush(client)
        }
    }

    private func serve(_ descriptor: Int32) {
        guard let client = clients[descriptor] else { return }
        reading: while client.isOpen {
            switch client.socket.receive(into: buffer) {
            case .bytes(let count):
                answer(client, ByteView(rebasing: buffer[..<count]))
                if count < buffer.count { break reading }
            case .wouldBlock: break reading
            case .closed: client.isOpen = false
            }
        }
        flush(client)
        if !client.isOpen {
            poller.remove(descriptor)
            clients[descriptor] = nil
        }
    }

    /// Answers the whole requests in what is left from before and `bytes`.
    private func answer(_ client: NullClient, _ bytes: ByteView) {
        guard client.input.count > 0 else {
            let used = answerWhole(client, bytes)
            client.input.writeRaw(bytes[view: used..<bytes.count])
            return
        }
        client.input.writeRaw(bytes)
        client.input.removeFirst(answerWhole(client, client.input.view))
    }

    /// Returns how many bytes the whole requests took.
    private func answerWhole(_ client: NullClient, _ bytes: ByteView) -> Int {
        var offset = 0
        while bytes.count - offset >= 4 {
            let length = Int(word(bytes, offset))
            guard length >= 8 else {
                client.isOpen = false
                return bytes.count
            }
            guard bytes.count - offset >= 4 + length else { break }
            if client.hasSession {
                answer(client, frame: bytes[view: offset..<(offset + 4 + length)])
            } else {
                client.hasSession = true
                replies.acceptSession(client.output)
            }
            offset += 4 + length
        }
        return offset
    }

    @inline(__always)
    private func answer(_ client: NullClient, frame: ByteView) {
        let (xid, operation) = (word(frame, 4), word(frame, 8))
        guard let quorum else { return replies.answer(operation, xid: xid, into: client.output) }
        if NullReplies.isWrite(operation) {
            let offset = quorum.append(frame)
            client.owed.append(.init(offset: offset, xid: xid, operation: operation))
        } else if let last = client.owed.last {
            // Replies come in the order of the requests.
            client.owed.append(.init(offset: last.offset, xid: xid, operation: operation))
        } else {
            replies.answer(operation, xid: xid, into: client.output)
        }
    }

    @inline(__always)
    private func word(_ bytes: ByteView, _ offset: Int) -> Int32 {
        Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }

    private func flush(_ client: NullClient) {
        defer { poller.setWaitsForRoom(client.output.count > 0, client.socket.descriptor) }
        while client.isOpen, client.output.count > 0 {
            switch client.socket.transmit(client.output.view) {
            case .bytes(let count): client.output.removeFirst(count)
            case .wouldBlock: return
            case .closed: client.isOpen = false
            }
        }
    }
}

/// One connection of a null server.
final class NullClient {
    /// A reply that waits until the log is durable up to `offset`.
    struct Owed {
        var offset: UInt64
        var xid: Int32
        var operation: Int32
    }

    let socket: Socket
    let input = ByteWriter(capacity: 64 << 10)
    let output = ByteWriter(capacity: 64 << 10)
    var owed: OwedQueue = OwedQueue()
    var hasSession = false
    var isOpen = true

    init(_ socket: Socket) { self.socket = socket }

    /// First in, first out; what was taken is forgotten when all of it was.
    struct OwedQueue {
        private var items: [Owed] = []
        private var head = 0

        var isEmpty: Bool { head == items.count }
        var first: Owed? { isEmpty ? nil : items[head] }
        var last: Owed? { isEmpty ? nil : items[items.count - 1] }

        mutating func append(_ item: Owed) { items.append(item) }

        mutating func removeFirst() {
            head += 1
            if isEmpty {
                items.removeAll(keepingCapacity: true)
                head = 0
            }
        }
    }
}
