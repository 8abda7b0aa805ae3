// CRC-32 as zlib has it (polynomial 0xedb88320, reflected, inverted in and out). Every checksum of
// our own formats is this one; the formats' specs say which bytes each of them covers.

import CCRC32
import CZlib

package enum Checksum {
    /// The checksum of `bytes`. `crc32(b, continuing: crc32(a))` is the checksum of `a` then `b`.
    package static func crc32(
        _ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0
    ) -> UInt32 {
        var state = ~previous
        // SAFETY: the call reads no more than `count` bytes.
        let taken = ccrc32_update(&state, bytes.baseAddress, bytes.count)
        return byTable(UnsafeRawBufferPointer(rebasing: bytes[taken...]), ~state)
    }

    private static func byTable(_ bytes: UnsafeRawBufferPointer, _ previous: UInt32) -> UInt32 {
        // SAFETY: bytes are bytes; the call reads no more than `count` of them.
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard let start, bytes.count > 0 else { return previous }
        return UInt32(truncatingIfNeeded: crc32_z(UInt(previous), start, bytes.count))
    }
}

/// A checksum as messages show it.
package func hexChecksum(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
