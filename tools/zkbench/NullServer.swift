// A server of the client protocol with no tree, no log and no sessions.
import ZKWire

/// Accepts every session and answers every request at once, in one thread.
final class NullServer {
    private let listener: Socket
    private var poller = Poller()
    private var ready: [Int32] = []
    private var clients: [Int32: Client] = [:]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 256 << 10, alignment: 16)
    /// What follows the header of a reply, by operation.
    private let stat: [UInt8]
    private let valueAndStat: [UInt8]
    private var zxid: Int64 = 0

    private final class Client {
        let socket: Socket
        let input = ByteWriter(capacity: 64 << 10)
        let output = ByteWriter(capacity: 64 << 10)
        var hasSession = false
        var isOpen = true

        init(_ socket: Socket) { self.socket = socket }
    }

    /// Bytes of a `Stat` (Apache `org.apache.zookeeper.data.Stat`).
    private static let statBytes = 68

    init(port: UInt16, valueBytes: Int) throws(BenchError) {
        listener = try Socket.listening(port: port)
        stat = [UInt8](repeating: 0, count: Self.statBytes)
        let writer = ByteWriter()
        writer.writeBuffer(KeySpace.value(of: valueBytes))
        writer.writeRaw(stat)
        valueAndStat = writer.bytes
        listener.setNonBlocking()
        poller.add(listener.descriptor)
    }

    deinit { buffer.deallocate() }

    func serve(nanoseconds: UInt64) {
        let end = monotonicNow() &+ nanoseconds
        while true {
            let now = monotonicNow()
            guard now < end else { return }
            poller.wait(min(end &- now, 1_000_000_000), into: &ready)
            for descriptor in ready {
                if descriptor == listener.descriptor { acceptAll() } else { serve(descriptor) }
            }
        }
    }

    private func acceptAll() {
        while let socket = listener.accepted() {
            clients[socket.descriptor] = Client(socket)
            poller.add(socket.descriptor)
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
        poller.setWaitsForRoom(client.output.count > 0, descriptor)
        if !client.isOpen {
            poller.remove(descriptor)
            clients[descriptor] = nil
        }
    }

    /// Answers the whole requests in what is left from before and `bytes`.
    private func answer(_ client: Client, _ bytes: ByteView) {
        guard client.input.count > 0 else {
            let used = answerWhole(client, bytes)
            client.input.writeRaw(bytes[view: used..<bytes.count])
            return
        }
        client.input.writeRaw(bytes)
        client.input.removeFirst(answerWhole(client, client.input.view))
    }

    /// Returns how many bytes the whole requests took.
    private func answerWhole(_ client: Client, _ bytes: ByteView) -> Int {
        var offset = 0
        while bytes.count - offset >= 4 {
            let length = Int(word(bytes, offset))
            guard length >= 8 else {
                client.isOpen = false
                return bytes.count
            }
            guard bytes.count - offset >= 4 + length else { break }
            if client.hasSession {
                answer(client, xid: word(bytes, offset + 4), word(bytes, offset + 8))
            } else {
                acceptSession(client)
            }
            offset += 4 + length
        }
        return offset
    }

    @inline(__always)
    private func word(_ bytes: ByteView, _ offset: Int) -> Int32 {
        Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }

    private func acceptSession(_ client: Client) {
        client.hasSession = true
        client.output.writeInt32(37)
        client.output.writeInt32(0)
        client.output.writeInt32(30000)
        client.output.writeInt64(1)
        client.output.writeBuffer([UInt8](repeating: 1, count: 16))
        client.output.writeBool(false)
    }

    @inline(__always)
    private func answer(_ client: Client, xid: Int32, _ operation: Int32) {
        let output = client.output
        let start = output.count
        output.writeInt32(0)
        output.writeInt32(xid)
        output.writeInt64(zxid)
        output.writeInt32(0)
        switch operation {
        case OpCode.getData.rawValue:
            valueAndStat.withUnsafeBytes { output.writeRaw($0) }
        case OpCode.setData.rawValue, OpCode.exists.rawValue:
            zxid &+= 1
            stat.withUnsafeBytes { output.writeRaw($0) }
        case OpCode.create.rawValue:
            zxid &+= 1
            output.writeString("/")
        default: break
        }
        output.setInt32(Int32(output.count - start - 4), at: start)
    }

    private func flush(_ client: Client) {
        while client.isOpen, client.output.count > 0 {
            switch client.socket.transmit(client.output.view) {
            case .bytes(let count): client.output.removeFirst(count)
            case .wouldBlock: return
            case .closed: client.isOpen = false
            }
        }
    }
}
