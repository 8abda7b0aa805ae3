import Snapshot
import Testing
import ZKWire

@Suite("Adler-32")
struct Adler32Tests {
    /// RFC 1950, section 9, byte by byte.
    private func defined(_ bytes: [UInt8]) -> UInt32 {
        var first: UInt32 = 1
        var second: UInt32 = 0
        for byte in bytes {
            first = (first + UInt32(byte)) % 65521
            second = (second + first) % 65521
        }
        return second << 16 | first
    }

    private func computed(_ bytes: [UInt8], pieceBytes: Int) -> UInt32 {
        var sum = Adler32()
        for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
            let piece = Array(bytes[start..<min(start + pieceBytes, bytes.count)])
            piece.withByteView { sum.update($0) }
        }
        return sum.value
    }

    @Test("it is what the standard says, whatever the length")
    func lengths() {
        for count in 0..<300 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ 7) }
            #expect(computed(bytes, pieceBytes: 1 << 20) == defined(bytes), "\(count) bytes")
        }
    }

    @Test("the greatest bytes overflow nothing, in one piece or in many", arguments: [77, 5536, 5537, 1 << 20])
    func greatest(_ pieceBytes: Int) {
        let bytes = [UInt8](repeating: 0xff, count: 200_001)
        #expect(computed(bytes, pieceBytes: pieceBytes) == defined(bytes))
    }
}
