import ZKWire

extension RepairRequest {
    /// - Parameter bytes: a frame without its length.
    package init(decoding bytes: ByteView) throws(DecodeError) {
        var reader = JuteReader(bytes)
        switch try reader.readKind() {
        case .hello:
            try reader.expectVersion()
            self = .hello(ServerID(rawValue: try reader.readInt64()))
        case .status: self = .status
        case .txns: self = .txns(try reader.readSpan())
        case .snapshot:
            let zxid = try reader.readZxid()
            let offset = try reader.readInt64()
            guard offset >= 0 else { throw reader.bad("offset \(offset)") }
            self = .snapshot(zxid, offset: offset)
        }
        try reader.expectEnd()
    }
}

extension RepairResponse {
    /// - Parameter bytes: a frame without its length.
    package init(decoding bytes: ByteView) throws(DecodeError) {
        var reader = JuteReader(bytes)
        switch try reader.readKind() {
        case .hello: throw reader.bad("a response that says hello")
        case .status: self = .status(try reader.readStatus())
        case .txns: self = .txns(try reader.readTxns())
        case .snapshot:
            self = .snapshot(
                try reader.readZxid(), offset: try reader.readInt64(),
                [UInt8](try reader.readBuffer()))
        }
        try reader.expectEnd()
    }
}

extension JuteReader {
    fileprivate func bad(_ what: String) -> DecodeError { DecodeError(.badValue(what), offset: offset) }

    fileprivate mutating func readKind() throws(DecodeError) -> RepairKind {
        let value = try readInt8()
        guard let kind = RepairKind(rawValue: value) else { throw bad("message kind \(value)") }
        return kind
    }

    fileprivate mutating func expectVersion() throws(DecodeError) {
        let version = try readInt32()
        guard version == RepairFormat.version else {
            throw bad("version \(version) of the repair protocol")
        }
    }

    fileprivate func expectEnd() throws(DecodeError) {
        if remaining > 0 { throw bad("\(remaining) bytes too many") }
    }

    /// What a server promises by a flag is not read into any other byte than 1.
    fileprivate mutating func readFlag() throws(DecodeError) -> Bool {
        let value = try readInt8()
        guard value == 0 || value == 1 else { throw bad("flag \(value)") }
        return value == 1
    }

    fileprivate mutating func readZxid() throws(DecodeError) -> Zxid {
        Zxid(rawValue: try readInt64())
    }

    fileprivate mutating func readSpan() throws(DecodeError) -> ZxidSpan {
        let span = ZxidSpan(after: try readZxid(), through: try readZxid())
        guard span.after >= .zero, span.after <= span.through else { throw bad("span \(span)") }
        return span
    }

    fileprivate mutating func readStatus() throws(DecodeError) -> RepairStatus {
        try expectVersion()
        let server = ServerID(rawValue: try readInt64())
        let value = try readInt8()
        guard let state = RepairPeerState(rawValue: UInt8(bitPattern: value)) else {
            throw bad("state \(value)")
        }
        var status = RepairStatus(
            server: server, state: state, isTrusted: try readFlag(),
            acceptedEpoch: Epoch(rawValue: UInt32(bitPattern: try readInt32())),
            currentEpoch: Epoch(rawValue: UInt32(bitPattern: try readInt32())),
            log: try readSpan())
        let count = Int(try readInt32())
        guard 0...RepairFormat.maximumSnapshots ~= count else { throw bad("\(count) snapshots") }
        for _ in 0..<count {
            let offer = SnapshotOffer(
                start: try readZxid(), end: try readZxid(), sizeBytes: try readInt64())
            guard offer.start <= offer.end, offer.sizeBytes > 0 else { throw bad("\(offer)") }
            status.snapshots.append(offer)
        }
        return status
    }

    fileprivate mutating func readTxns() throws(DecodeError) -> TxnsResponse {
        let span = try readSpan()
        var response = TxnsResponse(
            span: span, txns: [], resume: try readZxid(), isWhole: try readFlag())
        let count = Int(try readInt32())
        guard 0...RepairFormat.maximumTxns ~= count else { throw bad("\(count) transactions") }
        var last = span.after
        for _ in 0..<count {
            let zxid = try readZxid()
            let previous = try readZxid()
            guard zxid > last, zxid <= span.through, previous < zxid else {
                throw bad("zxid \(zxid) after \(previous)")
            }
            let payload = [UInt8](try readBuffer())
            try check(payload, is: zxid)
            response.txns.append(NamedTxn(zxid: zxid, previous: previous, payload: payload))
            last = zxid
        }
        guard response.resume >= last, response.resume <= span.through,
            response.resume > span.after || span.isEmpty
        else { throw bad("to go on at zxid \(response.resume)") }
        return response
    }

    /// A transaction says itself which one it is.
    private func check(_ payload: [UInt8], is zxid: Zxid) throws(DecodeError) {
        let stated = try payload.withByteView { (bytes) throws(DecodeError) in
            var reader = JuteReader(bytes)
            return try reader.readTxnHeader().zxid
        }
        guard stated == zxid else { throw bad("transaction \(stated) as zxid \(zxid)") }
    }
}
