import Storage
import Testing

@Suite struct ChecksumTests {
    @Test("CRC-32 has the published check value")
    func checkValue() {
        let bytes = Array("123456789".utf8)
        #expect(bytes.withUnsafeBytes { Checksum.crc32($0) } == 0xcbf4_3926)
    }

    @Test("A checksum continues over pieces, empty ones too")
    func chaining() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let whole = bytes.withUnsafeBytes { Checksum.crc32($0) }
        for cut in [0, 1, 36, 500, 1000] {
            let parts = bytes.withUnsafeBytes { buffer in
                Checksum.crc32(
                    .init(rebasing: buffer[cut...]),
                    continuing: Checksum.crc32(.init(rebasing: buffer[..<cut])))
            }
            #expect(parts == whole)
        }
    }

    @Test("Every length, place and beginning gives what the definition gives")
    func definition() {
        var random: UInt32 = 1
        let bytes = (0..<700).map { _ -> UInt8 in
            random = random &* 1_664_525 &+ 1_013_904_223
            return UInt8(random >> 24)
        }
        for count in 0...640 {
            let start = count % 17
            bytes.withUnsafeBytes { buffer in
                let part = UnsafeRawBufferPointer(rebasing: buffer[start..<(start + count)])
                #expect(Checksum.crc32(part, continuing: random) == bitByBit(part, random))
            }
            random = random &* 1_664_525 &+ 1_013_904_223
        }
    }

    private func bitByBit(_ bytes: UnsafeRawBufferPointer, _ previous: UInt32) -> UInt32 {
        var state = ~previous
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state & 1 == 0 ? state >> 1 : state >> 1 ^ 0xEDB8_8320 }
        }
        return ~state
    }

    @Test("Messages show checksums with all their digits")
    func hex() { #expect(hexChecksum(0x1c0_ffee) == "0x01c0ffee") }
}
