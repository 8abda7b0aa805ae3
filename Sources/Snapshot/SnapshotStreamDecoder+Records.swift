import ZKWire

extension SnapshotStreamDecoder {
    /// Parses as many whole records as `bytes` hold and returns their size.
    mutating func parse<Sink: SnapshotSink & ~Copyable>(
        _ bytes: ByteView, into sink: inout Sink
    ) throws(SnapshotFault) -> Int {
        var position = 0
        var hashed = 0
        while position < bytes.count {
            let before = position
            switch stage {
            case .nodes:
                position = try parseNodes(bytes, from: position, into: &sink)
            case .seal where isWireForm: break
            case .seal:
                // The seal is over everything before it.
                checksum.update(bytes[view: hashed..<position])
                hashed = position
                position = try parseSeal(bytes, from: position)
                checksum.update(bytes[view: hashed..<position])
                hashed = position
                checksumAtTrailer = checksum
            case .trailer:
                position = try keepTrailer(bytes, from: position)
            case .header, .sessionCount, .sessions, .aclCount, .acls:
                position = try parsePreamble(bytes, from: position, into: &sink)
            }
            if position == before { break }
        }
        checksum.update(bytes[view: hashed..<position])
        offset += Int64(position)
        return position
    }

    /// The least size of the record that `bytes` begin with, as far as they tell.
    func sizeNeeded(_ bytes: ByteView) throws(SnapshotFault) -> Int {
        switch stage {
        case .header: return 16
        case .sessionCount, .aclCount: return 4
        case .sessions: return 12
        case .acls: return try aclSizeNeeded(bytes, from: 0)
        case .nodes: return try nodeSizeNeeded(bytes)
        case .seal: return SnapshotFormat.sealSize
        case .trailer: return 1
        }
    }

    func fault(_ reason: SnapshotFault.Reason, at position: Int) -> SnapshotFault {
        SnapshotFault(reason, in: .content, at: offset + Int64(position))
    }

    private mutating func parseSeal(
        _ bytes: ByteView, from start: Int
    ) throws(SnapshotFault) -> Int {
        guard bytes.count - start >= SnapshotFormat.sealSize else { return start }
        try checkSeal(bytes[view: start..<bytes.count], is: checksum) { (reason, position) in
            fault(reason, at: start + position)
        }
        stage = .trailer
        return start + SnapshotFormat.sealSize
    }

    private mutating func keepTrailer(
        _ bytes: ByteView, from start: Int
    ) throws(SnapshotFault) -> Int {
        guard trailer.count + bytes.count - start <= SnapshotFormat.maximumTrailerSize else {
            throw fault(.trailingBytes, at: start)
        }
        trailer.writeRaw(bytes[view: start..<bytes.count])
        return bytes.count
    }
}

/// A seal: the checksum of everything before it as a long, and the string "/".
func checkSeal(
    _ bytes: ByteView, is checksum: Adler32,
    fault: (SnapshotFault.Reason, Int) -> SnapshotFault
) throws(SnapshotFault) {
    guard bytes.count >= SnapshotFormat.sealSize else { throw fault(.truncated, bytes.count) }
    let stored = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    guard stored == UInt64(checksum.value) else {
        throw fault(.badSeal(stored: stored, computed: UInt64(checksum.value)), 0)
    }
    guard bytes.loadBigEndianInt32(at: 8) == 1, bytes[12] == UInt8(ascii: "/") else {
        throw fault(.badValue("the seal does not end with \"/\""), 8)
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    func loadBigEndianInt32(at position: Int) -> Int32 {
        Int32(bigEndian: loadUnaligned(fromByteOffset: position, as: Int32.self))
    }

    @inline(__always)
    func loadBigEndianInt64(at position: Int) -> Int64 {
        Int64(bigEndian: loadUnaligned(fromByteOffset: position, as: Int64.self))
    }
}
