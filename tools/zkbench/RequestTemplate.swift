import ZKWire

/// The bytes of a request from its length field to its end: what is the same in many is encoded
/// once, and a request is a copy with its own xid.
struct RequestTemplate {
    /// Where a path begins that is the first field of a request: after the length of the frame, xid,
    /// operation and the path's own length.
    static let pathOffset = 16

    private var bytes: [UInt8]

    /// - Parameter encode: writes everything after the xid and operation.
    init(_ operation: OpCode, _ encode: (ByteWriter) -> Void) {
        let writer = ByteWriter()
        writer.writeInt32(0)
        writer.writeInt32(0)
        writer.writeInt32(operation.rawValue)
        encode(writer)
        writer.setInt32(Int32(writer.count - 4), at: 0)
        bytes = writer.bytes
    }

    /// Leaves off what many requests share at their end; the length still counts it.
    mutating func removeLast(_ count: Int) { bytes.removeLast(count) }

    /// Appends a copy with the given xid; returns where it lies, until the next change.
    @inline(__always)
    @discardableResult
    func append(to output: ByteWriter, xid: Int32) -> UnsafeMutableRawPointer {
        bytes.withUnsafeBytes { source in
            // SAFETY: `extend` makes room for all of the copy, and the xid lies within it.
            // (`copyBytes` would be Foundation's, of any data, and take a microsecond.)
            let place = output.extend(by: source.count)
            if let start = source.baseAddress {
                place.copyMemory(from: start, byteCount: source.count)
            }
            place.storeBytes(of: xid.bigEndian, toByteOffset: 4, as: Int32.self)
            return place
        }
    }
}
