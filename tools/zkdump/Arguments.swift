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

/// Where the log is, if it is not in the data directory.
struct LogDirectoryOption: ParsableArguments {
    @Option(
        name: .customLong("log-dir"),
        help: .init(
            "The directory that dataLogDir names, if it is set.", valueName: "directory"))
    var path: String?
}

/// Which znodes are listed.
struct NodeFilterOptions: ParsableArguments {
    @Option(
        name: .customLong("path"),
        help: .init("With --nodes: only this znode and those below it.", valueName: "znode"))
    var prefix: PathArgument?

    @Option(
        help: .init(
            "With --nodes: only those changed (mzxid) by this transaction or a later one.",
            valueName: "zxid"))
    var from: ZxidArgument?

    @Option(
        help: .init("With --nodes: only those not changed after this one.", valueName: "zxid"))
    var to: ZxidArgument?

    @Option(
        help: .init("With --nodes: only the ephemerals of this session.", valueName: "id"))
    var session: SessionArgument?

    var value: NodeFilter {
        var filter = NodeFilter(pathPrefix: prefix?.path)
        filter.from = from?.zxid
        filter.to = to?.zxid
        filter.session = session?.session
        return filter
    }

    func check(listsNodes: Bool) throws {
        let isSet = prefix != nil || from != nil || to != nil || session != nil
        if isSet, !listsNodes {
            throw ValidationError("--path, --from, --to and --session go with --nodes.")
        }
    }
}
