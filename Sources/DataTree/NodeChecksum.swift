import CCRC32
import ZKWire

/// CRC-32 as zlib has it (polynomial 0xedb88320, reflected), sixteen bytes a step. The state is not
/// inverted at the end, so that it can be kept and gone on with.
///
/// Made for short input, a znode's 60 bytes of stat, where a call of the C library costs more than
/// the work. Longer input is folded first.
// SAFETY: the tables are written once, before anybody has them, and never freed; every index into
// them is a byte and a table's number.
package struct NodeChecksum: Sendable {
    /// Sixteen tables of 256 words: of a byte with 0 to 15 zero bytes behind it.
    private nonisolated(unsafe) static let tables: UnsafePointer<UInt32> = {
        let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 16 * 256)
        for byte in 0..<256 {
            var word = UInt32(byte)
            for _ in 0..<8 { word = word >> 1 ^ (word & 1 == 0 ? 0 : 0xEDB8_8320) }
            tables[byte] = word
        }
        for index in 256..<(16 * 256) {
            let shorter = tables[index - 256]
            tables[index] = shorter >> 8 ^ tables[Int(shorter & 0xFF)]
        }
        return UnsafePointer(tables)
    }()

    // SAFETY: written before anybody has the pointer, and neither written nor freed afterwards.
    private nonisolated(unsafe) let tables = NodeChecksum.tables

    package static let start: UInt32 = 0xFFFF_FFFF

    package init() {}

    @inline(__always)
    package func value(_ state: UInt32) -> UInt32 { ~state }

    /// The state after `bytes` as well.
    package func update(_ state: UInt32, _ bytes: ByteView) -> UInt32 {
        var state = state
        // SAFETY: the call reads no more than `count` bytes.
        let taken = ccrc32_update(&state, bytes.baseAddress, bytes.count)
        return updateByTable(state, bytes[view: taken..<bytes.count])
    }

    private func updateByTable(_ state: UInt32, _ bytes: ByteView) -> UInt32 {
        guard var place = bytes.baseAddress else { return state }
        var state = state
        var count = bytes.count
        while count >= 16 {
            let low = place.loadUnaligned(as: UInt64.self)
            let high = place.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            state =
                step(UInt64(state) ^ UInt64(littleEndian: low), 8)
                ^ step(UInt64(littleEndian: high), 0)
            place += 16
            count &-= 16
        }
        if count >= 8 {
            let word = place.loadUnaligned(as: UInt64.self)
            state = step(UInt64(state) ^ UInt64(littleEndian: word), 0)
            place += 8
            count &-= 8
        }
        while count > 0 {
            state = state >> 8 ^ entry(0, UInt64(state) ^ UInt64(place.load(as: UInt8.self)))
            place += 1
            count &-= 1
        }
        return state
    }

    /// The state after the eight bytes of a big-endian integer.
    @inline(__always)
    func update(_ state: UInt32, _ value: Int64) -> UInt32 {
        step(UInt64(state) ^ UInt64(bitPattern: value).byteSwapped, 0)
    }

    @inline(__always)
    func update(_ state: UInt32, _ value: Int32) -> UInt32 {
        let word = UInt64(state ^ UInt32(bitPattern: value).byteSwapped)
        return entry(3, word) ^ entry(2, word >> 8) ^ entry(1, word >> 16) ^ entry(0, word >> 24)
    }

    /// What eight bytes come to, the first in the low byte, with `behind` more to come in the step.
    @inline(__always)
    private func step(_ word: UInt64, _ behind: Int) -> UInt32 {
        let first =
            entry(behind + 7, word) ^ entry(behind + 6, word >> 8)
            ^ entry(behind + 5, word >> 16) ^ entry(behind + 4, word >> 24)
        let second =
            entry(behind + 3, word >> 32) ^ entry(behind + 2, word >> 40)
            ^ entry(behind + 1, word >> 48) ^ entry(behind, word >> 56)
        return first ^ second
    }

    @inline(__always)
    private func entry(_ table: Int, _ word: UInt64) -> UInt32 {
        tables[table << 8 | Int(truncatingIfNeeded: word & 0xFF)]
    }
}
