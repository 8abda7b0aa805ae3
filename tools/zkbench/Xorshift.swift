/// Random numbers for load: xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift
/// generators, scrambled", ACM TOMS 42, 2016).
struct Xorshift: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = 0x9e37_79b9_7f4a_7c15 &* (seed &+ 1) }

    /// 48 random bits.
    @inline(__always)
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return (state &* 0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number from 0 up to, without, 1.
    @inline(__always)
    mutating func nextFraction() -> Double { Double(next()) * 0x1p-48 }
}
