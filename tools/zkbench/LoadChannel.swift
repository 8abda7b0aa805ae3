// One connection of the load: what it has to send, which replies it waits for, and since when.
import ZKWire

final class LoadChannel {
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
