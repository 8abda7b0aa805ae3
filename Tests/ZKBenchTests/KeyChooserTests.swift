import Foundation
import Testing

@testable import zkbench

@Suite("Which keys the load is for")
struct KeyChooserTests {
    @Test("a rank's share is that of Zipf's law", arguments: [0.5, 0.99, 1.0, 1.7])
    func zipf(exponent: Double) {
        let ranks = 10
        let draws = 200_000
        let sampler = ZipfSampler(count: ranks, exponent: exponent)
        var random = Xorshift(seed: 1)
        var counts = [Int](repeating: 0, count: ranks + 1)
        for _ in 0..<draws { counts[sampler.next(&random)] += 1 }
        let weights = (1...ranks).map { pow(Double($0), -exponent) }
        let total = weights.reduce(0, +)
        #expect(counts[0] == 0)
        for rank in 1...ranks {
            let expected = Double(draws) * weights[rank - 1] / total
            #expect(abs(Double(counts[rank]) - expected) < 5 * expected.squareRoot(), "\(rank)")
        }
    }

    @Test("every rank has a key of its own", arguments: [1, 2, 10, 999, 1000])
    func scatter(count: Int) {
        // An exponent this small makes all ranks about as likely.
        var chooser = KeyChooser(
            .zipfian(exponent: 0.01), count: count, number: 0, threads: 1)
        var random = Xorshift(seed: 2)
        var seen = Set<Int>()
        for _ in 0..<(count * 20) { seen.insert(chooser.next(&random)) }
        #expect(seen == Set(0..<count))
    }

    @Test("threads share a sequence")
    func sequence() {
        var random = Xorshift(seed: 3)
        let keys = (0..<3).map { number in
            var chooser = KeyChooser(.sequential, count: 6, number: number, threads: 3)
            return (0..<3).map { _ in chooser.next(&random) }
        }
        #expect(keys == [[0, 3, 0], [1, 4, 1], [2, 5, 2]])
    }
}
