import Glibc
import ZKWire

/// A client that blocks, for at most ten seconds at a time.
final class SocketClient {
    private let descriptor: Int32
    private(set) var session = SessionID.none
    private var xid: Int32 = 0

    init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(result == 0, "connect to \(port): \(errno)")
    }

    deinit { close(descriptor) }

    /// Opens a session.
    func handshake() throws {
        let frame = ByteWriter()
        frame.writeFrame(
            ConnectRequest(
                lastZxidSeen: .zero, timeoutMilliseconds: 10_000, session: .none,
                password: [UInt8](repeating: 0, count: 16), acceptsReadOnly: false,
                hasReadOnlyByte: true))
        write(frame.bytes)
        let answer = readFrame()
        session = try answer.withByteView { bytes in
            var reader = JuteReader(bytes)
            return try reader.readConnectResponse().session
        }
    }

    /// Sends a request without waiting.
    func send(_ operation: OpCode, _ body: (ByteWriter) -> Void = { _ in }) {
        xid += 1
        let frame = ByteWriter()
        let start = frame.beginFrame()
        frame.writeInt32(xid)
        frame.writeInt32(operation.rawValue)
        body(frame)
        frame.endFrame(start)
        write(frame.bytes)
    }

    func create(_ path: String, bytes: Int = 4) {
        send(.create) {
            $0.writeString(path)
            $0.writeBuffer([UInt8](repeating: 1, count: bytes))
            $0.writeACL(ACLEntry.openUnsafe)
            $0.writeInt32(CreateMode.persistent.rawValue)
        }
    }

    /// The next reply: its zxid and error, and what follows.
    func reply() throws -> (zxid: Zxid, error: ErrorCode, body: [UInt8]) {
        let frame = readFrame()
        return try frame.withByteView { bytes in
            var reader = JuteReader(bytes)
            _ = try reader.readInt32()
            let zxid = Zxid(rawValue: try reader.readInt64())
            let error = ErrorCode(rawValue: try reader.readInt32()) ?? .systemError
            return (zxid, error, [UInt8](reader.rest))
        }
    }

    func write(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.unsafelyUnwrapped + offset, bytes.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }

    /// Nothing more is sent.
    func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Everything until the server closes the connection.
    func readToEnd() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = read(atMost: 65_536)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    private func readFrame() -> [UInt8] {
        let length = readExactly(4).reduce(0) { $0 << 8 | Int($1) }
        return readExactly(length)
    }

    private func readExactly(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = read(atMost: count - bytes.count)
            if more.isEmpty { return [] }
            bytes += more
        }
        return bytes
    }

    private func read(atMost count: Int) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &chunk, count, 0)
        return received > 0 ? Array(chunk[..<received]) : []
    }
}
