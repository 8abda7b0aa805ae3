// The two checksums that zlib brings: Adler-32 for Apache's seals, CRC-32 for our footer.
import CZlib
import ZKWire

/// A running Adler-32 (RFC 1950), as Apache seals its snapshots and checks its log records.
package struct Adler32: Equatable, Sendable {
    private var state: UInt = 1

    package init() {}

    package var value: UInt32 { UInt32(truncatingIfNeeded: state) }

    package mutating func update(_ bytes: ByteView) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        // SAFETY: bytes are bytes; zlib reads no more than the count it is given.
        state = adler32_z(state, base.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
}

enum CRC32 {
    static func of(_ bytes: ByteView) -> UInt32 {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return 0 }
        return UInt32(
            truncatingIfNeeded: crc32_z(0, base.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
