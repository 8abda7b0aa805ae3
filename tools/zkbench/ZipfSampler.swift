// Rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate variates from
// monotone discrete distributions", ACM TOMACS 6, 1996): no table and no set-up that grows with the
// number of ranks, for any exponent above 0.
import Glibc

/// Ranks from 1 to `count`, where rank k comes with a probability in proportion to 1 / k^exponent.
struct ZipfSampler: Sendable {
    private let exponent: Double
    private let count: Double
    /// The integral of the density's hat, from the first rank's lower end to the last one's upper.
    private let lowest: Double
    private let highest: Double
    /// Below this distance between the number drawn and its rank nothing needs to be computed.
    private let quickAccept: Double

    init(count: Int, exponent: Double) {
        precondition(count > 0 && exponent > 0)
        self.exponent = exponent
        self.count = Double(count)
        lowest = Self.integral(1.5, exponent) - 1
        highest = Self.integral(Double(count) + 0.5, exponent)
        quickAccept =
            2 - Self.inverse(Self.integral(2.5, exponent) - pow(2, -exponent), exponent)
    }

    @inline(__always)
    func next(_ random: inout Xorshift) -> Int {
        while true {
            let area = highest + random.nextFraction() * (lowest - highest)
            let drawn = Self.inverse(area, exponent)
            let rank = min(max(drawn.rounded(), 1), count)
            if rank - drawn <= quickAccept
                || area >= Self.integral(rank + 0.5, exponent) - pow(rank, -exponent)
            {
                return Int(rank)
            }
        }
    }

    /// The integral of x^-exponent, chosen so that it is continuous in the exponent.
    private static func integral(_ x: Double, _ exponent: Double) -> Double {
        let logarithm = log(x)
        let power = (1 - exponent) * logarithm
        return abs(power) < 1e-9 ? logarithm : expm1(power) / (1 - exponent)
    }

    private static func inverse(_ area: Double, _ exponent: Double) -> Double {
        let scaled = area * (1 - exponent)
        return exp(abs(scaled) < 1e-9 ? area : log1p(max(scaled, -1)) / (1 - exponent))
    }
}
