import ZKWire

/// A connection on a quorum port, numbered by the shell; never reused within a process.
package struct LinkID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: LinkID, right: LinkID) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "link \(rawValue)" }
}

/// What goes out on a connection between a leader and a learner.
///
/// A class for the identity of its buffer; owned by the protocol, emptied by the shell.
package final class Link {
    package let id: LinkID
    /// Packets that the shell has not taken yet.
    package let output = ByteWriter(capacity: 4096)
    var isOutputListed = false

    init(_ id: LinkID) { self.id = id }

    /// The shell has taken note of the output: the next one is listed again.
    package func outputTaken() { isOutputListed = false }
}
