/// A machine's place in the network.
package struct Host: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: Int
    package init(number: Int) { self.number = number }
    package static func < (left: Host, right: Host) -> Bool { left.number < right.number }
    package var description: String { number <= 100 ? "server \(number)" : "client \(number - 100)" }
}

enum Port: Int, Hashable, Comparable, CaseIterable {
    case client, quorum, election

    static func < (left: Port, right: Port) -> Bool { left.rawValue < right.rawValue }
}

/// One direction between two machines: of all connections, or of those to one kind of port.
struct Path: Hashable, Comparable, CustomStringConvertible {
    let from: Host
    let to: Host
    var port: Port?

    var back: Path { Path(from: to, to: from, port: port) }
    var anyPort: Path { Path(from: from, to: to) }

    /// Whether a fault of this path is one of that connection's.
    func covers(_ path: Path) -> Bool {
        from == path.from && to == path.to && (port == nil || port == path.port)
    }

    static func < (left: Path, right: Path) -> Bool {
        (left.from, left.to, left.port?.rawValue ?? -1)
            < (right.from, right.to, right.port?.rawValue ?? -1)
    }

    var description: String { "\(from) to \(to)\(port.map { " (\($0))" } ?? "")" }
}
