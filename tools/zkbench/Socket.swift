// TCP sockets through the system's own calls.
import Glibc

/// A connected or listening socket, closed with its owner.
final class Socket: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Connects, waiting; reads and writes then wait for at most `timeoutSeconds`.
    /// - Parameter receiveBufferBytes: what the system may keep unread; nil leaves it to the system.
    static func connected(
        to server: ServerAddress, timeoutSeconds: Int, receiveBufferBytes: Int32? = nil
    ) throws(BenchError) -> Socket {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(server.host, server.port, &hints, &list)
        guard status == 0, let address = list?.pointee else {
            throw BenchError("resolve \(server): \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(list) }
        let descriptor = Glibc.socket(address.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError(systemCall: "socket", "\(server)") }
        let socket = Socket(descriptor)
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        socket.set(SOL_SOCKET, SO_RCVTIMEO, &limit)
        socket.set(SOL_SOCKET, SO_SNDTIMEO, &limit)
        if var bytes = receiveBufferBytes { socket.set(SOL_SOCKET, SO_RCVBUF, &bytes) }
        guard connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
            throw BenchError(systemCall: "connect", "\(server)")
        }
        socket.setNoDelay()
        return socket
    }

    /// Listens on the loopback address.
    static func listening(port: UInt16) throws(BenchError) -> Socket {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError(systemCall: "socket", "") }
        let socket = Socket(descriptor)
        var on: Int32 = 1
        socket.set(SOL_SOCKET, SO_REUSEADDR, &on)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size)
            }
        }
        guard bound == 0, listen(descriptor, 1024) == 0 else {
            throw BenchError(systemCall: "listen", "127.0.0.1:\(port)")
        }
        return socket
    }

    /// The port that a listening socket has.
    var localPort: UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &size)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// The next connection, nil if none waits.
    func accepted() -> Socket? {
        let descriptor = accept(self.descriptor, nil, nil)
        guard descriptor >= 0 else { return nil }
        let socket = Socket(descriptor)
        socket.setNonBlocking()
        socket.setNoDelay()
        return socket
    }

    func setNonBlocking() {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    private func setNoDelay() {
        var on: Int32 = 1
        set(Int32(IPPROTO_TCP), TCP_NODELAY, &on)
    }

    private func set<Value: BitwiseCopyable>(_ level: Int32, _ option: Int32, _ value: inout Value)
    {
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size))
    }
}

/// What came of a read or write that does not wait.
enum TransferResult {
    case bytes(Int)
    case wouldBlock
    case closed
}

extension Socket {
    @inline(__always)
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 { return .bytes(count) }
        return count == 0 ? .closed : Self.failure()
    }

    @inline(__always)
    func transmit(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
        let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        return count >= 0 ? .bytes(count) : Self.failure()
    }

    private static func failure() -> TransferResult {
        errno == EAGAIN || errno == EINTR ? .wouldBlock : .closed
    }

    /// Sends all of `bytes`, waiting.
    func transmitAll(_ bytes: UnsafeRawBufferPointer) throws(BenchError) {
        var rest = bytes
        while !rest.isEmpty {
            guard case .bytes(let count) = transmit(rest) else {
                throw BenchError(systemCall: "send", "socket \(descriptor)")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Fills `buffer`, waiting.
    func receiveAll(into buffer: UnsafeMutableRawBufferPointer) throws(BenchError) {
        var rest = buffer
        while !rest.isEmpty {
            guard case .bytes(let count) = receive(into: rest) else {
                throw BenchError("the server closed the connection or did not answer in time")
            }
            rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
        }
    }
}
