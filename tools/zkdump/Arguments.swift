import ArgumentParser
import Inspection
import ZKWire

/// A zxid on the command line: hexadecimal, with or without `0x`.
struct ZxidArgument: ExpressibleByArgument {
    let zxid: Zxid

    init?(argument: String) {
        guard let value = hexValue(argument) else { return nil }
        zxid = Zxid(rawValue: Int64(bitPattern: value))
    }
}

/// A session's id: hexadecimal, with or without `0x`.
struct SessionArgument: ExpressibleByArgument {
    let session: SessionID

    init?(argument: String) {
        guard let value = hexValue(argument) else { return nil }
        session = SessionID(rawValue: Int64(bitPattern: value))
    }
}

private func hexValue(_ argument: String) -> UInt64? {
    let digits = argument.hasPrefix("0x") ? argument.dropFirst(2) : argument[...]
    guard !digits.hasPrefix("+") else { return nil }
    return UInt64(digits, radix: 16)
}

/// A znode's path.
struct PathArgument: ExpressibleByArgument {
    let path: String

    init?(argument: String) {
        guard argument.hasPrefix("/") else { return nil }
        let isClosed = argument.count > 1 && argument.hasSuffix("/")
        path = isClosed ? String(argument.dropLast()) : argument
    }
}
