/// The znodes of a run of sets and gets.
struct KeySpace: Sendable {
    let paths: [String]
    let value: [UInt8]

    init(root: String, count: Int, valueBytes: Int) {
        paths = (0..<count).map { "\(root)/k\($0)" }
        value = Self.value(of: valueBytes)
    }

    /// Letters without a short period, so that a server that compresses gains what it would with
    /// text, not with zeros.
    static func value(of count: Int) -> [UInt8] {
        var state: UInt64 = 0x5eed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: 97 + (state >> 33) % 26)
        }
    }
}
