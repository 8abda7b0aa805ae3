import ZKWire

/// How far a restore goes (`--to`).
package enum RestorePoint: Equatable, Sendable, CustomStringConvertible {
    /// As far as the log goes.
    case end
    /// Up to and including this transaction.
    case zxid(Zxid)
    /// Up to and including the last transaction whose time is not later: milliseconds since 1970.
    case time(Int64)

    /// A decimal number from here on is a time in milliseconds and not a zxid: 2001-09-09. A zxid
    /// of that size is of epoch 232 or later and is to be written in hexadecimal.
    private static let smallestTime: Int64 = 1_000_000_000_000

    /// `0x1f`, `31`, `2026-11-23T02:00:00Z`, `1795399200000`; nil for anything else.
    package init?(_ text: String) {
        let lowered = text.lowercased()
        if lowered.hasPrefix("0x") {
            guard let value = UInt64(lowered.dropFirst(2), radix: 16) else { return nil }
            self = .zxid(Zxid(rawValue: Int64(bitPattern: value)))
        } else if let number = Int64(text), number >= 0 {
            self = number >= Self.smallestTime ? .time(number) : .zxid(Zxid(rawValue: number))
        } else if let time = TimeText.parse(text) {
            self = .time(time)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .end: "the end of the log"
        case .zxid(let zxid): "zxid \(zxid)"
        case .time(let time): TimeText.format(time)
        }
    }
}
