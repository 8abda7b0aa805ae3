import Glibc

/// Ports that nobody listens on: the servers of an ensemble must know each other's beforehand.
enum FreePorts {
    /// All different; each was free a moment ago.
    static func take(_ count: Int) -> [Int] {
        let sockets = (0..<count).map { _ in bound() }
        defer { for socket in sockets { close(socket.descriptor) } }
        return sockets.map(\.port)
    }

    private static func bound() -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
            }
        }
        precondition(result == 0, "no free port: \(errno)")
        return (descriptor, Int(in_port_t(bigEndian: address.sin_port)))
    }
}

/// Somebody else who listens on a port.
final class PortHolder {
    private var descriptor: Int32

    init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(result == 0 && listen(descriptor, 1) == 0, "port \(port): \(errno)")
    }

    func release() {
        close(descriptor)
        descriptor = -1
    }
}
