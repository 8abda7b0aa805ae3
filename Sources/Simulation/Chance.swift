import Zab

/// The one source of chance of a run (SplitMix64: Steele, Lea, Flood, OOPSLA 2014). Each part of a run
/// has a stream of its own, so that one more draw in one part does not change all the others.
package struct Chance: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A stream that is independent of this one from here on.
    mutating func split() -> Chance { Chance(seed: next()) }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// True once in `count` times.
    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    mutating func percent(_ share: Int) -> Bool { below(100) < share }

    mutating func pick<C: RandomAccessCollection>(_ items: C) -> C.Element {
        items[items.index(items.startIndex, offsetBy: below(items.count))]
    }

    /// A duration whose length is as likely in each order of magnitude: most are short.
    mutating func span(_ range: ClosedRange<Span>) -> Span {
        var upper = range.lowerBound.nanoseconds
        while upper < range.upperBound.nanoseconds, !oneIn(3) { upper *= 2 }
        upper = min(max(upper, range.lowerBound.nanoseconds + 1), range.upperBound.nanoseconds)
        return Span(nanoseconds: within(range.lowerBound.nanoseconds...upper))
    }
}

/// A length of simulated time.
package struct Span: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    init(_ duration: Duration) { self.init(nanoseconds: duration.wholeNanoseconds) }

    package static let zero = Span(nanoseconds: 0)
    package static func microseconds(_ count: Int64) -> Span { Span(nanoseconds: count * 1000) }
    package static func milliseconds(_ count: Int64) -> Span {
        Span(nanoseconds: count * 1_000_000)
    }
    package static func seconds(_ count: Int64) -> Span { .milliseconds(count * 1000) }

    package static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }
    package static func + (left: Span, right: Span) -> Span {
        Span(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
    package static func * (left: Span, right: Int64) -> Span {
        Span(nanoseconds: left.nanoseconds * right)
    }

    package var description: String { "\(nanoseconds / 1_000_000) ms" }
}
