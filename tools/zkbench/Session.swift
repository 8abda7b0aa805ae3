// The client protocol as far as the generator speaks it: the handshake, and replies' headers.
import ZKWire

/// The start of every reply (Apache `ReplyHeader`) with the length before it.
struct ReplyHeader {
    static let sizeBytes = 20

    let lengthBytes: Int
    let xid: Int32
    let errorCode: Int32

    @inline(__always)
    init(_ bytes: UnsafeRawPointer) {
        lengthBytes = Int(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        xid = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: Int32.self))
        errorCode = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: Int32.self))
    }
}

enum Session {
    /// Asks the server on a fresh socket for a session, waiting.
    static func open(
        _ socket: Socket, server: ServerAddress, timeoutMilliseconds: Int32
    ) throws(BenchError) {
        try request(socket, timeoutMilliseconds: timeoutMilliseconds)
        _ = try receiveGranted(socket, server: server)
    }

    /// The first half of `open`.
    static func request(_ socket: Socket, timeoutMilliseconds: Int32) throws(BenchError) {
        let request = ByteWriter()
        request.writeInt32(0)
        request.writeInt32(0)  // protocol version
        request.writeInt64(0)  // last zxid seen
        request.writeInt32(timeoutMilliseconds)
        request.writeInt64(0)  // session id: a new one
        request.writeBuffer([UInt8](repeating: 0, count: 16))
        request.writeBool(false)
        request.setInt32(Int32(request.count - 4), at: 0)
        try socket.transmitAll(request.view)
    }

    /// The other half.
    /// - Returns: the timeout that the server grants, in milliseconds.
    static func receiveGranted(
        _ socket: Socket, server: ServerAddress
    ) throws(BenchError) -> Int32 {
        let reply = try receiveFrame(socket)
        let granted = reply.withByteView { view -> Int32? in
            var reader = JuteReader(view)
            guard (try? reader.readInt32()) != nil else { return nil }
            return try? reader.readInt32()
        }
        guard let granted, granted > 0 else {
            throw BenchError("\(server) refused a session")
        }
        return granted
    }

    /// A message without its length, waiting for it.
    static func receiveFrame(_ socket: Socket) throws(BenchError) -> [UInt8] {
        let length = try receive(4, socket).withByteView {
            Int(Int32(bigEndian: $0.loadUnaligned(as: Int32.self)))
        }
        guard 0...(64 << 20) ~= length else { throw BenchError("a reply of \(length) bytes") }
        return try receive(length, socket)
    }

    private static func receive(_ count: Int, _ socket: Socket) throws(BenchError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: BenchError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(BenchError) {
                try socket.receiveAll(into: buffer)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// A ping, whose reply has the xid of pings.
    static func appendPing(to output: ByteWriter) {
        output.writeInt32(8)
        output.writeInt32(SpecialXid.ping)
        output.writeInt32(OpCode.ping.rawValue)
    }

    /// The end of the session, so that the server need not wait for its timeout.
    static func appendClose(to output: ByteWriter, xid: Int32) {
        output.writeInt32(8)
        output.writeInt32(xid)
        output.writeInt32(OpCode.closeSession.rawValue)
    }
}
