import ZKWire

/// Frames of a stream, however its bytes are cut. What is kept grows with what has come, never with
/// what a length says.
package struct RepairFrameBuffer {
    private let limit: Int
    private var bytes: [UInt8] = []

    /// - Parameter limit: the longest frame that is taken; a longer one ends the connection.
    package init(limit: Int) { self.limit = limit }

    package mutating func add(_ more: ByteView) { bytes.append(contentsOf: more) }

    /// The next whole frame, without its length; nil if more has to come.
    package mutating func next() throws(DecodeError) -> [UInt8]? {
        guard bytes.count >= RepairFormat.lengthBytes else { return nil }
        let length = Int(
            bytes.withByteView { Int32(bigEndian: $0.loadUnaligned(as: Int32.self)) })
        guard length > 0, length <= limit else { throw DecodeError(.badLength(length), offset: 0) }
        let end = RepairFormat.lengthBytes + length
        guard bytes.count >= end else { return nil }
        defer { bytes.removeFirst(end) }
        return Array(bytes[RepairFormat.lengthBytes..<end])
    }
}
