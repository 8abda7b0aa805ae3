// The integers of the field, each with a type of its own so that none crosses a module boundary raw.

/// A transaction id: the epoch of the leader that proposed it in the high 32 bits and a counter in
/// the low 32 (Zab, section III). Order is the order of the history.
package struct Zxid: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package init(epoch: Epoch, counter: UInt32) {
        rawValue = Int64(bitPattern: UInt64(epoch.rawValue) << 32 | UInt64(counter))
    }

    /// "Nothing yet": the zxid before the first transaction.
    package static let zero = Zxid(rawValue: 0)

    package var epoch: Epoch {
        Epoch(rawValue: UInt32(truncatingIfNeeded: rawValue >> 32))
    }
    package var counter: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

    /// The zxid that follows within the same epoch. The caller steps down before the counter wraps.
    package var next: Zxid { Zxid(rawValue: rawValue &+ 1) }

    package static func < (left: Zxid, right: Zxid) -> Bool { left.rawValue < right.rawValue }

    /// Hexadecimal without a prefix, as in the names of log and snapshot files.
    package var hex: String { String(UInt64(bitPattern: rawValue), radix: 16) }
    package var description: String { "0x" + hex }
}

/// A leader's term. Grows by one with each leader that is established.
package struct Epoch: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static func < (left: Epoch, right: Epoch) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "\(rawValue)" }
}

/// A server's number in its ensemble: `N` of `server.N`, the content of `myid`; 1 to 255.
package struct ServerID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package static func < (left: ServerID, right: ServerID) -> Bool {
        left.rawValue < right.rawValue
    }
    package var description: String { "\(rawValue)" }
}

/// A client's session. The high byte is the id of the server that created it.
package struct SessionID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    /// No session: in a connect request, "create one"; in a txn header, the server itself.
    package static let none = SessionID(rawValue: 0)

    package static func < (left: SessionID, right: SessionID) -> Bool {
        left.rawValue < right.rawValue
    }
    package var hex: String { String(UInt64(bitPattern: rawValue), radix: 16) }
    package var description: String { "0x" + hex }
}

/// A client's connection to this server, numbered by the shell; never reused within a process.
package struct ConnectionID: RawRepresentable, Hashable, Comparable, Sendable,
    CustomStringConvertible
{
    package var rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: ConnectionID, right: ConnectionID) -> Bool {
        left.rawValue < right.rawValue
    }
    package var description: String { "#\(rawValue)" }
}
