/// Which of the keys the requests are for.
enum KeyDistribution: Sendable {
    case uniform
    /// Few keys have most of the requests; see `ZipfSampler`.
    case zipfian(exponent: Double)
    /// One after the other, round and round.
    case sequential
}

/// Chooses the key of each request of a thread.
struct KeyChooser: Sendable {
    private let count: UInt64
    private let kind: Kind
    private let step: UInt64
    private var position: UInt64

    private enum Kind {
        case uniform
        case zipfian(ZipfSampler)
        case sequential
    }

    /// - Parameters:
    ///   - number: the thread's; of `threads` threads each has every `threads`th key of a sequence.
    init(_ distribution: KeyDistribution, count: Int, number: Int, threads: Int) {
        self.count = UInt64(count)
        switch distribution {
        case .uniform:
            kind = .uniform
            step = 1
        case .zipfian(let exponent):
            kind = .zipfian(ZipfSampler(count: count, exponent: exponent))
            step = Self.scatter(UInt64(count))
        case .sequential:
            kind = .sequential
            step = UInt64(threads)
        }
        position = UInt64(number)
    }

    @inline(__always)
    mutating func next(_ random: inout Xorshift) -> Int {
        switch kind {
        case .uniform: return Int(random.next() % count)
        case .zipfian(let sampler):
            // The frequent keys lie far from each other, as they would by their names.
            return Int(UInt64(sampler.next(&random) - 1) &* step % count)
        case .sequential:
            defer { position &+= step }
            return Int(position % count)
        }
    }

    /// A number without a common divisor with `count`, near its golden section: multiplied by it,
    /// modulo `count`, each rank has a key of its own.
    private static func scatter(_ count: UInt64) -> UInt64 {
        var step = max(1, UInt64(Double(count) * 0.618))
        while divisor(step, count) > 1 { step += 1 }
        return step
    }

    /// The greatest common divisor (Euclid).
    private static func divisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        b == 0 ? a : divisor(b, a % b)
    }
}
