// The arguments that are more than numbers.
import ArgumentParser

/// A length of time on the command line: `100ms`, `10s`, `2m`; a bare number counts seconds.
struct TimeArgument: ExpressibleByArgument {
    let nanoseconds: UInt64

    init?(argument: String) {
        let digits = argument.prefix { $0.isNumber || $0 == "." }
        let units: [String: Double] = ["": 1e9, "s": 1e9, "ms": 1e6, "us": 1e3, "m": 60e9]
        guard let count = Double(digits), count >= 0, count < 1e6,
            let unit = units[String(argument.dropFirst(digits.count))]
        else { return nil }
        nanoseconds = UInt64(count * unit)
    }

    init(seconds: UInt64) { nanoseconds = seconds * 1_000_000_000 }

    var defaultValueDescription: String { "\(nanoseconds / 1_000_000_000)s" }
}

/// A server to load: `host:port`, where an IPv6 host is in brackets.
struct ServerAddress: Sendable, CustomStringConvertible {
    let host: String
    let port: String

    init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        host = String(text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" })
        port = String(text[text.index(after: colon)...])
        guard !host.isEmpty, let number = Int(port), 1...65535 ~= number else { return nil }
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// `host:port,host:port,...`; connections are spread over them in turn.
struct ServerList: ExpressibleByArgument {
    let servers: [ServerAddress]

    init?(argument: String) {
        let parts = argument.split(separator: ",")
        servers = parts.compactMap { ServerAddress($0) }
        guard !servers.isEmpty, servers.count == parts.count else { return nil }
    }

    var defaultValueDescription: String {
        servers.map(\.description).joined(separator: ",")
    }
}

extension ServerList {
    static let local = ServerList(argument: "127.0.0.1:2181").unsafelyUnwrapped
}

/// What the requests of a run are.
enum OperationArgument: String, ExpressibleByArgument, CaseIterable {
    case set
    case get
    case create
    case mix
}

/// How requests are spread over the keys.
enum DistributionArgument: String, ExpressibleByArgument, CaseIterable {
    case uniform
    case zipfian
    case sequential

    func distribution(exponent: Double) -> KeyDistribution {
        switch self {
        case .uniform: .uniform
        case .zipfian: .zipfian(exponent: exponent)
        case .sequential: .sequential
        }
    }
}
