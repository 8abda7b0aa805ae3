// Decoding: a cursor over borrowed bytes that never reads past them and never allocates by a length
// field's word alone. Big-endian (Apache `BinaryInputArchive`).

/// Reads jute's primitive types from bytes owned by somebody else.
package struct JuteReader {
    package let bytes: ByteView
    /// In bytes from the start of `bytes`.
    package private(set) var offset = 0

    @inline(__always)
    package init(_ bytes: ByteView) { self.bytes = bytes }

    @inline(__always)
    package var remaining: Int { bytes.count &- offset }

    @inline(__always)
    private mutating func take(_ count: Int) throws(DecodeError) -> UnsafeRawPointer {
        guard count <= remaining else {
            throw DecodeError(.truncated(needed: count, left: remaining), offset: offset)
        }
        // SAFETY: `count` bytes from `offset` lie within `bytes`; empty bytes never get here with
        // a count above zero, and a zero count reads nothing.
        let place = bytes.baseAddress.unsafelyUnwrapped + offset
        offset &+= count
        return place
    }

    @inline(__always)
    package mutating func readInt8() throws(DecodeError) -> Int8 {
        try take(1).loadUnaligned(as: Int8.self)
    }

    @inline(__always)
    package mutating func readBool() throws(DecodeError) -> Bool { try readInt8() != 0 }

    @inline(__always)
    package mutating func readInt32() throws(DecodeError) -> Int32 {
        Int32(bigEndian: try take(4).loadUnaligned(as: Int32.self))
    }

    @inline(__always)
    package mutating func readInt64() throws(DecodeError) -> Int64 {
        Int64(bigEndian: try take(8).loadUnaligned(as: Int64.self))
    }

    /// A jute `buffer` or `ustring`. A null one (length -1) reads as empty.
    @inline(__always)
    package mutating func readBuffer() throws(DecodeError) -> ByteView {
        try readNullableBuffer() ?? ByteView(start: nil, count: 0)
    }

    /// A jute `buffer`, nil where the length is -1.
    @inline(__always)
    package mutating func readNullableBuffer() throws(DecodeError) -> ByteView? {
        let length = Int(try readInt32())
        if length > 0 {
            return ByteView(start: try take(length), count: length)
        }
        if length == 0 { return ByteView(start: nil, count: 0) }
        guard length == -1 else { throw DecodeError(.badLength(length), offset: offset - 4) }
        return nil
    }

    /// A `ustring` that names a znode; a null one names none.
    @inline(__always)
    package mutating func readPath() throws(DecodeError) -> ByteView {
        guard let path = try readNullableBuffer() else {
            throw DecodeError(.badLength(-1), offset: offset - 4)
        }
        return path
    }

    package mutating func readString() throws(DecodeError) -> String { try readBuffer().text }

    /// The element count of a jute `vector`; a null one (-1) counts as empty.
    /// - Parameter elementSize: the fewest bytes an element takes, so that a count that the message
    ///   cannot hold is refused before anything is reserved for it.
    package mutating func readCount(elementSize: Int) throws(DecodeError) -> Int {
        let count = Int(try readInt32())
        if count == -1 { return 0 }
        guard count >= 0, count <= remaining / max(elementSize, 1) else {
            throw DecodeError(.badLength(count), offset: offset - 4)
        }
        return count
    }

    @inline(__always)
    package mutating func skip(_ count: Int) throws(DecodeError) {
        guard count >= 0 else { throw DecodeError(.badLength(count), offset: offset) }
        guard count <= remaining else {
            throw DecodeError(.truncated(needed: count, left: remaining), offset: offset)
        }
        offset &+= count
    }

    /// What has not been read yet.
    package var rest: ByteView { bytes[view: offset..<bytes.count] }
}
