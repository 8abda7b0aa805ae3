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

    @Test("Messages show checksums with all their digits")
    func hex() { #expect(hexChecksum(0x1c0_ffee) == "0x01c0ffee") }
}
