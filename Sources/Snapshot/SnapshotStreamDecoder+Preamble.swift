import ZKWire

extension SnapshotStreamDecoder {
    /// Parses one record of what comes before the znodes; returns `start` if it is not whole.
    mutating func parsePreamble<Sink: SnapshotSink & ~Copyable>(
        _ bytes: ByteView, from start: Int, into sink: inout Sink
    ) throws(SnapshotFault) -> Int {
        let size: Int
        if case .acls = stage {
            size = try aclSizeNeeded(bytes, from: start)
        } else {
            size = try sizeNeeded(bytes)
        }
        guard bytes.count - start >= size else { return start }
        switch stage {
        case .header:
            try checkHeader(bytes, at: start)
            stage = .sessionCount
        case .sessionCount:
            stage = .sessions(left: try count("sessions", bytes, at: start))
            skipEmptyTables()
        case .sessions(let left):
            try take(at: start) { () throws(DecodeError) in
                try sink.addSession(
                    SessionID(rawValue: bytes.loadBigEndianInt64(at: start)),
                    timeoutMilliseconds: bytes.loadBigEndianInt32(at: start + 8))
            }
            sessionCount += 1
            stage = .sessions(left: left - 1)
            skipEmptyTables()
        case .aclCount:
            stage = .acls(left: try count("access control lists", bytes, at: start))
            skipEmptyTables()
        case .acls(let left):
            try take(at: start) { () throws(DecodeError) in
                try sink.addACL(
                    id: bytes.loadBigEndianInt64(at: start),
                    acl: bytes[view: (start + 8)..<(start + size)])
            }
            stage = .acls(left: left - 1)
            skipEmptyTables()
        case .nodes, .seal, .trailer:
            preconditionFailure("\(stage) is not before the znodes")
        }
        return start + size
    }

    /// The size of an id and a `vector<ACL>` at `start`, or a lower bound if they are not whole.
    func aclSizeNeeded(_ bytes: ByteView, from start: Int) throws(SnapshotFault) -> Int {
        let available = bytes.count - start
        guard available >= 12 else { return 12 }
        let entries = Int(bytes.loadBigEndianInt32(at: start + 8))
        guard entries >= 0, entries <= limits.maximumACLBytes / 12 else {
            throw fault(
                .fieldTooLong(
                    field: "access control list", length: entries * 12,
                    limit: limits.maximumACLBytes),
                at: start + 8)
        }
        var size = 12
        for _ in 0..<entries {
            // Permissions, scheme, id.
            size += 4
            for _ in 0..<2 {
                guard available >= size + 4 else { return size + 4 }
                let length = Int(bytes.loadBigEndianInt32(at: start + size))
                guard length >= -1, size + max(length, 0) <= limits.maximumACLBytes else {
                    throw fault(
                        .fieldTooLong(
                            field: "access control list", length: size + length,
                            limit: limits.maximumACLBytes),
                        at: start + size)
                }
                size += 4 + max(length, 0)
            }
        }
        return size
    }

    private func checkHeader(_ bytes: ByteView, at start: Int) throws(SnapshotFault) {
        let magic = bytes.loadBigEndianInt32(at: start)
        guard magic == SnapshotFormat.streamMagic else {
            throw fault(.badMagic(UInt32(bitPattern: magic)), at: start)
        }
        let version = bytes.loadBigEndianInt32(at: start + 4)
        guard version == SnapshotFormat.streamVersion else {
            throw fault(.unsupportedVersion(Int64(version)), at: start + 4)
        }
    }

    private func count(
        _ what: String, _ bytes: ByteView, at start: Int
    ) throws(SnapshotFault) -> Int32 {
        let count = bytes.loadBigEndianInt32(at: start)
        guard count >= 0 else { throw fault(.badValue("\(count) \(what)"), at: start) }
        return count
    }

    /// A table with nothing (left) in it ends where it is.
    private mutating func skipEmptyTables() {
        if stage == .sessions(left: 0) { stage = .aclCount }
        if stage == .acls(left: 0) { stage = .nodes }
    }

    /// Runs a call to the sink; its objection becomes a fault of the record at `start`.
    @inline(__always)
    func take(
        at start: Int, _ body: () throws(DecodeError) -> Void
    ) throws(SnapshotFault) {
        do throws(DecodeError) {
            try body()
        } catch {
            if case .badValue(let words) = error.reason {
                throw fault(.badValue(words), at: start)
            }
            throw fault(.badValue("\(error)"), at: start)
        }
    }
}
