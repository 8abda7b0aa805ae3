/// The end of a snapshot on the wire: a jute `ustring` that says so, behind which packets begin
/// again. Fed with what the snapshot's own decoder leaves.
package struct SnapSignature {
    private var matched = 0

    package init() {}

    /// The whole of it: a length and ten letters.
    package static let encoded: [UInt8] =
        [0, 0, 0, UInt8(QuorumPacketFormat.snapSignature.utf8.count)]
        + Array(QuorumPacketFormat.snapSignature.utf8)

    /// Takes what belongs to it off `input`.
    /// - Returns: whether all of it has come.
    package mutating func take(_ input: inout ByteView) throws(DecodeError) -> Bool {
        while matched < Self.encoded.count, let byte = input.first {
            guard byte == Self.encoded[matched] else {
                throw DecodeError(
                    .badValue("byte \(byte) in place of the signature that ends a snapshot"),
                    offset: matched)
            }
            matched += 1
            input = input[view: 1..<input.count]
        }
        return matched == Self.encoded.count
    }
}

extension ByteWriter {
    package func writeSnapSignature() { writeRaw(SnapSignature.encoded) }
}
