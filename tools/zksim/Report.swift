import Glibc
import Simulation

/// What a worker tells of its seeds: a line when one begins, one when it has ended.
enum Report {
    case begun(UInt64)
    case ended(UInt64, failure: String?, hash: String, figures: [Int])

    static func run(_ options: Options) {
        let seed = options.seed
        print("begin\t\(seed)")
        fflush(nil)
        let world = World(options)
        _ = world.run()
        let figures = world.figures.all.map { String($0.value) }.joined(separator: " ")
        let failure = (world.failure ?? "").split(separator: "\n").joined(separator: " ")
        print("end\t\(seed)\t\(failure)\t\(String(world.eventHash, radix: 16))\t\(figures)")
        fflush(nil)
    }

    init?(_ line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count >= 2, let seed = UInt64(fields[1]) else { return nil }
        switch (fields[0], fields.count) {
        case ("begin", 2): self = .begun(seed)
        case ("end", 5):
            self = .ended(
                seed, failure: fields[2].isEmpty ? nil : String(fields[2]), hash: String(fields[3]),
                figures: fields[4].split(separator: " ").compactMap { Int($0) })
        default: return nil
        }
    }
}
