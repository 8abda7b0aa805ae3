import ZKWire

/// Hashes paths and encoded access control lists: eight bytes at a time, each folded in by a
/// 64 x 64 -> 128 bit multiplication whose halves are xored (the scheme of wyhash). The seed is the
/// caller's, so that runs repeat in a simulation and clients cannot aim at one bucket in
/// production.
package struct PathHasher: Sendable {
    private let seed: UInt64

    // Odd constants with as many ones as zeros, from the fractional digits of square roots.
    private static let first: UInt64 = 0x6A09_E667_F3BC_C909
    private static let second: UInt64 = 0xBB67_AE85_84CA_A73B
    private static let third: UInt64 = 0x3C6E_F372_FE94_F82B

    package init(seed: UInt64) {
        self.seed = PathHasher.fold(seed ^ PathHasher.first, PathHasher.third)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inline(__always)
    package func hash(_ bytes: ByteView) -> UInt64 {
        let count = bytes.count
        var state = seed ^ (UInt64(truncatingIfNeeded: count) &* PathHasher.second)
        // SAFETY: every load below lies within `count` bytes from the base address.
        guard count > 0, let base = bytes.baseAddress else { return finish(state) }
        if count >= 8 {
            var offset = 0
            while offset &+ 8 < count {
                let word = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                state = PathHasher.fold(state ^ word, PathHasher.first)
                offset &+= 8
            }
            // The last eight bytes; they may overlap those before.
            let word = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            return finish(PathHasher.fold(state ^ word, PathHasher.second))
        }
        return finish(PathHasher.fold(state ^ PathHasher.short(base, count), PathHasher.second))
    }

    /// The word of one to seven bytes.
    @inline(__always)
    private static func short(_ base: UnsafeRawPointer, _ count: Int) -> UInt64 {
        if count >= 4 {
            let head = base.loadUnaligned(as: UInt32.self)
            let tail = base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            return UInt64(head) | UInt64(tail) << 32
        }
        let head = UInt64(base.load(as: UInt8.self))
        let middle = UInt64(base.load(fromByteOffset: count >> 1, as: UInt8.self))
        let tail = UInt64(base.load(fromByteOffset: count &- 1, as: UInt8.self))
        return head | middle << 8 | tail << 16
    }

    @inline(__always)
    private func finish(_ state: UInt64) -> UInt64 {
        PathHasher.fold(state ^ PathHasher.third, PathHasher.first)
    }
}
