import ZKWire

extension RequestPreparer {
    /// Several operations under one zxid. The first that fails takes back what the ones before it
    /// changed in the future state; the transaction then records the failure and changes nothing.
    mutating func prepareMulti(
        _ body: inout JuteReader, _ context: Context, into txn: ByteWriter
    ) throws(ErrorCode) {
        var parts = body
        let count = try decoded { () throws(DecodeError) in try RequestPreparer.countParts(&body) }
        txn.writeInt32(Int32(count))
        let part = ByteWriter()
        var hasFailed = false
        for _ in 0..<count {
            let op = try decoded { () throws(DecodeError) in
                try parts.readMultiPartHeader().unsafelyUnwrapped
            }
            part.removeAll()
            var type = op
            if hasFailed {
                part.writeErrorTxn(ErrorCode.runtimeInconsistency.rawValue)
                skipPart(op, &parts)
            } else {
                type = preparePart(op, &parts, context, into: part)
                hasFailed = type == .error
            }
            txn.writeInt32(hasFailed ? OpCode.error.rawValue : type.rawValue)
            txn.writeBuffer(part.view)
        }
    }

    /// - Returns: the type of the part's txn, `error` if it failed.
    private mutating func preparePart(
        _ op: OpCode, _ body: inout JuteReader, _ context: Context, into part: ByteWriter
    ) -> OpCode {
        let start = body
        do throws(ErrorCode) {
            return try prepareCreatingPart(op, &body, context, into: part)
        } catch {
            undo(context.zxid)
            part.removeAll()
            part.writeErrorTxn(error.rawValue)
            body = start
            skipPart(op, &body)
            return .error
        }
    }

    /// In a multi the flags decide what kind is created, whatever the part's operation says, and
    /// the TTL of another kind is ignored (Apache `Op.create`).
    private mutating func prepareCreatingPart(
        _ op: OpCode, _ body: inout JuteReader, _ context: Context, into part: ByteWriter
    ) throws(ErrorCode) -> OpCode {
        guard [.create, .create2, .createContainer, .createTTL].contains(op) else {
            try prepare(op, &body, context, into: part)
            return op
        }
        var request = try decoded { () throws(DecodeError) in
            try body.readCreateRequest(hasTTL: op == .createTTL)
        }
        let mode = CreateMode(rawValue: request.flags) ?? .persistent
        var type = op == .createTTL ? .create : op
        if mode.isTTL { type = .createTTL } else { request.ttl = -1 }
        if mode.isContainer { type = .createContainer }
        try prepareCreate(type, request, context, into: part)
        return type
    }

    private func skipPart(_ op: OpCode, _ body: inout JuteReader) {
        // The bytes were decoded once by `countParts`.
        try? body.skipMultiPart(op)
    }

    /// Checks that every part can be decoded, so that a malformed request changes nothing.
    static func countParts(_ body: inout JuteReader) throws(DecodeError) -> Int {
        var count = 0
        while let op = try body.readMultiPartHeader() {
            try body.skipMultiPart(op)
            count += 1
        }
        return count
    }
}

extension JuteReader {
    /// The operation of the next part of a multi; nil at the end.
    mutating func readMultiPartHeader() throws(DecodeError) -> OpCode? {
        let start = offset
        let type = try readInt32()
        let isDone = try readBool()
        _ = try readInt32()
        if isDone { return nil }
        guard let op = OpCode(rawValue: type), RequestPreparer.multiParts.contains(op) else {
            throw DecodeError(.badValue("operation \(type) in a multi"), offset: start)
        }
        return op
    }

    mutating func skipMultiPart(_ op: OpCode) throws(DecodeError) {
        switch op {
        case .create, .create2, .createContainer: _ = try readCreateRequest(hasTTL: false)
        case .createTTL: _ = try readCreateRequest(hasTTL: true)
        case .setData: _ = try readSetDataRequest()
        default: _ = try readVersionedPath()
        }
    }
}

extension RequestPreparer {
    static let multiParts: [OpCode] = [
        .create, .create2, .createContainer, .createTTL, .delete, .setData, .check,
    ]
}
