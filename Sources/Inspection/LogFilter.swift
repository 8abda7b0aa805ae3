import ZKWire

/// Which transactions of a log are wanted. All that is set has to hold.
package struct LogFilter: Sendable {
    package var from: Zxid?
    package var to: Zxid?
    /// A znode: it, and all below it.
    package var pathPrefix: String?
    package var session: SessionID?

    package init() {}

    func admits(_ header: TxnHeader, _ record: ByteView) -> Bool {
        if let from, header.zxid < from { return false }
        if let to, header.zxid > to { return false }
        if let session, header.session != session { return false }
        guard let pathPrefix, pathPrefix != "/" else { return true }
        var reader = JuteReader(record)
        guard let txn = try? reader.readTxn(type: header.type) else { return false }
        return pathPrefix.withByteView { Self.touches(txn, $0) }
    }

    private static func touches(_ txn: Txn, _ prefix: ByteView) -> Bool {
        switch txn {
        case .create(let create): isWithin(create.path, prefix)
        case .delete(let path), .setData(let path, _, _), .setACL(let path, _, _),
            .check(let path, _):
            isWithin(path, prefix)
        case .createSession, .error: false
        case .closeSession(let paths): touches(paths, prefix)
        case .multi(let multi): touches(multi, prefix)
        }
    }

    private static func touches(_ paths: StringVector?, _ prefix: ByteView) -> Bool {
        var found = false
        try? paths?.forEach { if isWithin($0, prefix) { found = true } }
        return found
    }

    private static func touches(_ multi: MultiTxn, _ prefix: ByteView) -> Bool {
        var found = false
        try? multi.forEach { (type, record) throws(DecodeError) in
            var reader = JuteReader(record)
            if touches(try reader.readTxn(type: type), prefix) { found = true }
        }
        return found
    }
}

/// Whether a path is the znode at `prefix` or below it; `/apple` is not below `/app`.
@inline(__always)
func isWithin(_ path: ByteView, _ prefix: ByteView) -> Bool {
    guard path.count >= prefix.count, path[view: 0..<prefix.count].isEqual(to: prefix) else {
        return false
    }
    return path.count == prefix.count || path[prefix.count] == UInt8(ascii: "/")
        || prefix.count == 1
}
