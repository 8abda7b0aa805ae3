/// The znodes of a run of sets and gets.
struct KeySpace: Sendable {
    enum Names: Sendable {
        /// Created by the run.
        case own([String])
        /// Made before by `zkbench load` with this root and this many znodes to a directory.
        case loaded(root: String, perDirectory: UInt64)
    }

    let names: Names
    let count: Int
    let value: [UInt8]

    init(root: String, count: Int, valueBytes: Int) {
        names = .own((0..<count).map { "\(root)/k\($0)" })
        self.count = count
        value = Self.value(of: valueBytes)
    }

    init(loadedBelow root: String, perDirectory: UInt64, count: Int, valueBytes: Int) {
        names = .loaded(root: root, perDirectory: perDirectory)
        self.count = count
        value = Self.value(of: valueBytes)
    }

    /// The paths of a run that creates its znodes.
    var ownPaths: [String] {
        if case .own(let paths) = names { paths } else { [] }
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
