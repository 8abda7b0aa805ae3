import ZKWire

extension SnapshotStreamDecoder {
    /// What a node record has besides its path and data: two lengths, the ACL's id and the stat.
    private static let fixedNodeSize = 4 + 4 + 8 + StatPersisted.encodedSize

    /// The hot loop of a start: parses whole node records up to the first that is cut, or up to the
    /// end of the nodes. Returns where it stopped.
    mutating func parseNodes<Sink: SnapshotSink & ~Copyable>(
        _ bytes: ByteView, from start: Int, into sink: inout Sink
    ) throws(SnapshotFault) -> Int {
        var position = start
        while let size = try nodeSize(bytes, from: position) {
            let pathLength = Int(bytes.loadBigEndianInt32(at: position))
            let path = bytes[view: (position + 4)..<(position + 4 + pathLength)]
            if size == 5 {
                stage = .seal
                return position + size
            }
            try checkPath(path, at: position)
            let dataLength = Int(bytes.loadBigEndianInt32(at: position + 4 + pathLength))
            let dataStart = position + 8 + pathLength
            let dataEnd = dataStart + max(dataLength, 0)
            let data = dataLength < 0 ? nil : bytes[view: dataStart..<dataEnd]
            let acl = bytes.loadBigEndianInt64(at: dataEnd)
            let stat = loadStat(bytes, at: dataEnd + 8)
            try take(at: position) { () throws(DecodeError) in
                try sink.addNode(path: path, data: data, acl: acl, stat: stat)
            }
            znodeCount &+= 1
            position += size
        }
        return position
    }

    /// The whole size of the node record (or of the end mark, 5) at `start`, nil if it is cut.
    @inline(__always)
    private func nodeSize(_ bytes: ByteView, from start: Int) throws(SnapshotFault) -> Int? {
        let available = bytes.count - start
        guard available >= 5 else { return nil }
        let pathLength = Int(bytes.loadBigEndianInt32(at: start))
        guard UInt(bitPattern: pathLength) <= UInt(limits.maximumPathBytes) else {
            throw badLength("path", pathLength, limits.maximumPathBytes, at: start)
        }
        if pathLength == 1, bytes[start + 4] == UInt8(ascii: "/") { return 5 }
        guard available >= pathLength + 8 else { return nil }
        let dataLength = Int(bytes.loadBigEndianInt32(at: start + 4 + pathLength))
        guard dataLength >= -1, dataLength <= limits.maximumDataBytes else {
            throw badLength("data", dataLength, limits.maximumDataBytes, at: start + 4 + pathLength)
        }
        let size = SnapshotStreamDecoder.fixedNodeSize + pathLength + max(dataLength, 0)
        return available >= size ? size : nil
    }

    /// A lower bound of the size of the record that `bytes` begin with; `bytes` do not hold it all.
    func nodeSizeNeeded(_ bytes: ByteView) throws(SnapshotFault) -> Int {
        guard bytes.count >= 5 else { return 5 }
        if let size = try nodeSize(bytes, from: 0) { return size }
        let pathLength = Int(bytes.loadBigEndianInt32(at: 0))
        guard bytes.count >= pathLength + 8 else { return pathLength + 8 }
        let dataLength = Int(bytes.loadBigEndianInt32(at: 4 + pathLength))
        return SnapshotStreamDecoder.fixedNodeSize + pathLength + max(dataLength, 0)
    }

    @inline(__always)
    private func checkPath(_ path: ByteView, at position: Int) throws(SnapshotFault) {
        let isRoot = path.count == 0
        guard isRoot == (znodeCount == 0), isRoot || path[0] == UInt8(ascii: "/") else {
            throw fault(.badValue("the path \"\(path.text)\" cannot be here"), at: position)
        }
    }

    @inline(__always)
    private func loadStat(_ bytes: ByteView, at start: Int) -> StatPersisted {
        StatPersisted(
            czxid: Zxid(rawValue: bytes.loadBigEndianInt64(at: start)),
            mzxid: Zxid(rawValue: bytes.loadBigEndianInt64(at: start + 8)),
            ctime: bytes.loadBigEndianInt64(at: start + 16),
            mtime: bytes.loadBigEndianInt64(at: start + 24),
            version: bytes.loadBigEndianInt32(at: start + 32),
            cversion: bytes.loadBigEndianInt32(at: start + 36),
            aversion: bytes.loadBigEndianInt32(at: start + 40),
            ephemeralOwner: bytes.loadBigEndianInt64(at: start + 44),
            pzxid: Zxid(rawValue: bytes.loadBigEndianInt64(at: start + 52)))
    }

    @inline(never)
    private func badLength(
        _ field: String, _ length: Int, _ limit: Int, at position: Int
    ) -> SnapshotFault {
        let reason: SnapshotFault.Reason =
            length < 0
            ? .badValue("\(field) of \(length) bytes")
            : .fieldTooLong(field: field, length: length, limit: limit)
        return fault(reason, at: position)
    }
}
