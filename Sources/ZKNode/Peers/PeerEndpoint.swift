import NIOCore
import NIOPosix
import ServerConfiguration

/// Where another server of the ensemble listens: one address or, with `multiAddress.enabled`,
/// several, which are tried in turn.
struct PeerEndpoint: Equatable, Sendable {
    let addresses: [HostAndPort]
    private var next = 0

    init(_ addresses: [HostAndPort]) {
        precondition(!addresses.isEmpty, "a server without an address")
        self.addresses = addresses
    }

    /// The address for the next attempt.
    mutating func takeNext() -> HostAndPort {
        defer { next = (next + 1) % addresses.count }
        return addresses[next]
    }
}

extension ClientBootstrap {
    /// Connects. A name is resolved anew at each attempt, on a thread of the resolver's: in the
    /// meantime the server may have moved.
    func connect(to address: HostAndPort) -> EventLoopFuture<any Channel> {
        guard let numeric = try? SocketAddress(ipAddress: address.host, port: address.port) else {
            return connect(host: address.host, port: address.port)
        }
        return connect(to: numeric)
    }
}

/// Doubling waits between attempts.
struct Backoff: Sendable {
    let minimum: TimeAmount
    let maximum: TimeAmount
    private var current: TimeAmount

    init(_ minimum: TimeAmount, upTo maximum: TimeAmount) {
        self.minimum = minimum
        self.maximum = maximum
        current = minimum
    }

    mutating func takeNext() -> TimeAmount {
        defer { current = min(current + current, maximum) }
        return current
    }

    /// Whether nothing has been tried in vain since the last success.
    var isFirst: Bool { current == minimum }

    mutating func reset() { current = minimum }
}
