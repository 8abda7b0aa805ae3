import CAdler32
import CZlib
import ZKWire

/// A running Adler-32 (RFC 1950), as Apache seals its snapshots and checks its log records.
package struct Adler32: Equatable, Sendable {
    private var state: UInt32 = 1

    package init() {}

    package var value: UInt32 { state }

    package mutating func update(_ bytes: ByteView) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        // SAFETY: bytes are bytes; neither call reads more than the count it is given.
        let taken = cadler32_take(&state, base, bytes.count)
        guard taken < bytes.count else { return }
        let rest = (base + taken).assumingMemoryBound(to: UInt8.self)
        state = UInt32(truncatingIfNeeded: adler32_z(UInt(state), rest, bytes.count - taken))
    }
}
