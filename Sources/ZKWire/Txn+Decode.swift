extension JuteReader {
    /// Decodes the record of a transaction whose header said `type`.
    package mutating func readTxn(type: Int32) throws(DecodeError) -> Txn {
        guard let op = OpCode(rawValue: type) else {
            throw DecodeError(.badValue("unknown transaction type \(type)"), offset: offset)
        }
        switch op {
        case .create, .create2: return .create(try readCreateTxn())
        case .createContainer: return .create(try readCreateContainerTxn())
        case .createTTL: return .create(try readCreateTTLTxn())
        case .delete, .deleteContainer: return .delete(path: try readBuffer())
        case .setData, .reconfig:
            return .setData(
                path: try readBuffer(), data: try readNullableBuffer(), version: try readInt32())
        case .setACL:
            return .setACL(
                path: try readBuffer(), acl: try readACLView(), version: try readInt32())
        case .check: return .check(path: try readBuffer(), version: try readInt32())
        case .createSession: return .createSession(timeoutMilliseconds: try readInt32())
        case .closeSession:
            return .closeSession(hasNoPaths ? nil : try readStringVector())
        case .multi: return .multi(try readMultiTxn())
        case .error: return .error(code: try readInt32())
        default:
            throw DecodeError(.badValue("\(op) is no transaction"), offset: offset)
        }
    }

    /// Nothing follows, or a digest: as a list of paths, its version would be two paths in what is
    /// left for them, eight bytes, which is room for empty ones only.
    private var hasNoPaths: Bool {
        var ahead = self
        return remaining == 0 || remaining == 12 && (try? ahead.readInt32()) == 2
    }

    /// What follows the transaction, if anything does.
    package mutating func readTxnDigest() throws(DecodeError) -> TxnDigest? {
        guard remaining >= 12 else { return nil }
        return TxnDigest(version: try readInt32(), treeDigest: try readInt64())
    }

    package mutating func readStringVector() throws(DecodeError) -> StringVector {
        let count = try readCount(elementSize: 4)
        let start = offset
        for _ in 0..<count { _ = try readBuffer() }
        return StringVector(count: count, elements: bytes[view: start..<offset])
    }

    private mutating func readCreateTxn() throws(DecodeError) -> CreateTxn {
        let path = try readBuffer()
        let data = try readNullableBuffer()
        let acl = try readACLView()
        let isEphemeral = try readBool()
        // Logs from before 3.4 end here (CreateTxnV0).
        let parentCVersion = remaining >= 4 ? try readInt32() : -1
        return CreateTxn(
            path: path, data: data, acl: acl, kind: isEphemeral ? .ephemeral : .persistent,
            parentCVersion: parentCVersion)
    }

    private mutating func readCreateContainerTxn() throws(DecodeError) -> CreateTxn {
        CreateTxn(
            path: try readBuffer(), data: try readNullableBuffer(), acl: try readACLView(),
            kind: .container, parentCVersion: try readInt32())
    }

    private mutating func readCreateTTLTxn() throws(DecodeError) -> CreateTxn {
        let path = try readBuffer()
        let data = try readNullableBuffer()
        let acl = try readACLView()
        let parentCVersion = try readInt32()
        return CreateTxn(
            path: path, data: data, acl: acl, kind: .ttl(milliseconds: try readInt64()),
            parentCVersion: parentCVersion)
    }

    private mutating func readMultiTxn() throws(DecodeError) -> MultiTxn {
        let count = try readCount(elementSize: 8)
        let start = offset
        for _ in 0..<count {
            _ = try readInt32()
            _ = try readBuffer()
        }
        return MultiTxn(count: count, elements: bytes[view: start..<offset])
    }
}
