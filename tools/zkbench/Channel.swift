// One connection of the load: what it has to send, which replies it waits for, and since when.
import ZKWire

final class Channel {
    let socket: Socket
    let output = ByteWriter(capacity: 32 << 10)
    /// Bytes of `output` that were sent.
    private var sentBytes = 0
    private(set) var isOpen = true
    /// When each request in flight was to be sent, the oldest first.
    private(set) var pending = TimeQueue()
    private var scanner = ReplyScanner()
    private var nextXid: Int32 = 1
    private var expectedXid: Int32 = 1
    /// Whether the poller was told to report room to write.
    var isWaitingForRoom = false
    /// When bytes were last sent.
    private(set) var lastSend: UInt64 = 0

    init(_ socket: Socket) {
        self.socket = socket
        socket.setNonBlocking()
    }

    /// The xid of a request that is encoded next, in flight from `time`.
    @inline(__always)
    func begin(at time: UInt64) -> Int32 {
        let xid = nextXid
        nextXid = xid == .max ? 1 : xid &+ 1
        pending.append(time)
        return xid
    }

    /// Sends what there is, as far as the socket takes it.
    @inline(__always)
    func flush(now: UInt64) {
        guard sentBytes < output.count, isOpen else { return }
        lastSend = now
        while sentBytes < output.count {
            switch socket.transmit(output.view[view: sentBytes..<output.count]) {
            case .bytes(let count): sentBytes += count
            case .wouldBlock: return
            case .closed: return markClosed()
            }
        }
        output.removeAll()
        sentBytes = 0
    }

    /// Reads into `buffer`; nil when there is no more for now.
    @inline(__always)
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        switch socket.receive(into: buffer) {
        case .bytes(let count): return UnsafeRawBufferPointer(rebasing: buffer[..<count])
        case .wouldBlock: return nil
        case .closed:
            markClosed()
            return nil
        }
    }

    /// Whether the socket did not take all there was to send.
    @inline(__always)
    var waitsForRoom: Bool { sentBytes < output.count }

    func markClosed() { isOpen = false }

    /// The next answered request in `bytes`, which it takes off: its start and error code.
    @inline(__always)
    func nextCompletion(
        in bytes: inout UnsafeRawBufferPointer
    ) throws(BenchError) -> (start: UInt64, errorCode: Int32)? {
        while let header = try scanner.next(in: &bytes) {
            if header.xid == SpecialXid.ping || header.xid == SpecialXid.notification { continue }
            guard header.xid == expectedXid, !pending.isEmpty else {
                throw BenchError("reply \(header.xid) came where \(expectedXid) was due")
            }
            expectedXid = header.xid == .max ? 1 : header.xid &+ 1
            return (pending.removeFirst(), header.errorCode)
        }
        return nil
    }

    /// Encodes the end of the session; its reply is a completion like any other.
    func appendClose(now: UInt64) { Session.appendClose(to: output, xid: begin(at: now)) }
}

/// Finds the headers of replies in a stream and skips what follows them.
struct ReplyScanner {
    private var skipBytes = 0
    private var partial: [UInt8] = []

    @inline(__always)
    mutating func next(in bytes: inout UnsafeRawBufferPointer) throws(BenchError) -> ReplyHeader? {
        if skipBytes > 0 {
            let skipped = min(skipBytes, bytes.count)
            bytes = UnsafeRawBufferPointer(rebasing: bytes[skipped...])
            skipBytes -= skipped
        }
        guard !bytes.isEmpty else { return nil }
        if !partial.isEmpty || bytes.count < ReplyHeader.sizeBytes {
            return try nextOfPieces(in: &bytes)
        }
        return try take(ReplyHeader(bytes.baseAddress.unsafelyUnwrapped), from: &bytes, 0)
    }

    /// Consumes `header`, of which `heldBytes` came earlier, and leaves its body to be skipped.
    @inline(__always)
    private mutating func take(
        _ header: ReplyHeader, from bytes: inout UnsafeRawBufferPointer, _ heldBytes: Int
    ) throws(BenchError) -> ReplyHeader {
        let total = header.lengthBytes + 4
        guard total >= ReplyHeader.sizeBytes else {
            throw BenchError("a reply of \(header.lengthBytes) bytes")
        }
        let inBuffer = min(total - heldBytes, bytes.count)
        skipBytes = total - heldBytes - inBuffer
        bytes = UnsafeRawBufferPointer(rebasing: bytes[inBuffer...])
        return header
    }

    /// A header of which only a part came with one read.
    @inline(never)
    private mutating func nextOfPieces(
        in bytes: inout UnsafeRawBufferPointer
    ) throws(BenchError) -> ReplyHeader? {
        let held = partial.count
        let missing = ReplyHeader.sizeBytes - held
        partial += bytes.prefix(missing)
        guard partial.count == ReplyHeader.sizeBytes else {
            bytes = UnsafeRawBufferPointer(rebasing: bytes[bytes.count...])
            return nil
        }
        let header = partial.withUnsafeBytes { ReplyHeader($0.baseAddress.unsafelyUnwrapped) }
        partial.removeAll(keepingCapacity: true)
        return try take(header, from: &bytes, held)
    }
}

/// Times, first in first out, in a ring that grows.
struct TimeQueue {
    private var ring = [UInt64](repeating: 0, count: 64)
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    @inline(__always)
    mutating func append(_ time: UInt64) {
        if count == ring.count { grow() }
        ring[(head &+ count) & (ring.count &- 1)] = time
        count &+= 1
    }

    @inline(__always)
    mutating func removeFirst() -> UInt64 {
        let time = ring[head]
        head = (head &+ 1) & (ring.count &- 1)
        count &-= 1
        return time
    }

    @inline(never)
    private mutating func grow() {
        let kept = (0..<count).map { ring[(head + $0) & (ring.count - 1)] }
        ring = kept + [UInt64](repeating: 0, count: count)
        head = 0
    }
}
