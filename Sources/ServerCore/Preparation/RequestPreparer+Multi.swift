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
            if hasFailed {
                part.writeErrorTxn(ErrorCode.runtimeInconsistency.rawValue)
                skipPart(op, &parts)
            } else {
                hasFailed = !preparePart(op, &parts, context, into: part)
            }
            txn.writeInt32(hasFailed ? OpCode.error.rawValue : op.rawValue)
            txn.writeBuffer(part.view)
        }
    }

    /// - Returns: false if the part failed; it is an error txn then.
    private mutating func preparePart(
        _ op: OpCode, _ body: inout JuteReader, _ context: Context, into part: ByteWriter
    ) -> Bool {
        let start = body
        do throws(ErrorCode) {
            try prepare(op, &body, context, into: part)
            return true
        } catch {
            overlay.undo(context.zxid)
            part.removeAll()
            part.writeErrorTxn(error.rawValue)
            body = start
            skipPart(op, &body)
            return false
        }
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
