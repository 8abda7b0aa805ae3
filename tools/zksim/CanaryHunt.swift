import Glibc
import Simulation

/// Looks for every canary: seeds with one bug put back, until a run fails.
struct CanaryHunt {
    private struct Search {
        let canary: Canary
        var worker: Worker
        var tried = 0
        /// What processes before this one have taken of a processor.
        var spent = 0.0

        var seconds: Double { spent + worker.cpuSeconds }
    }

    private static let seedsPerProcess: UInt64 = 10

    private let jobs: Int
    /// Where to look; nil: first where each was found before, then from 1 on.
    private let first: UInt64?
    /// Seconds of a processor that each may take.
    private let budget: Double
    private let isPlain: Bool
    private var waiting: [Canary]
    private var searches: [Search] = []
    private var missed: [Int] = []

    init(_ canaries: [Canary], first: UInt64?, jobs: Int, budget: Int, isPlain: Bool) {
        waiting = canaries.reversed()
        self.first = first
        self.jobs = jobs
        self.budget = Double(budget)
        self.isPlain = isPlain
    }

    /// - Returns: whether each was found.
    mutating func run() throws -> Bool {
        let watch = Stopwatch()
        let count = waiting.count
        print("issue  property  seed    tried  CPU s  what was put back")
        while !searches.isEmpty || !waiting.isEmpty {
            while searches.count < jobs, let canary = waiting.popLast() { try begin(canary) }
            var polled = searches.map { pollfd(fd: $0.worker.output, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), 200) >= 0 else { continue }
            for index in polled.indices.reversed() {
                if polled[index].revents != 0 { try look(index) } else { giveUp(index) }
            }
        }
        let seconds = (watch.seconds * 10).rounded() / 10
        print("\(count - missed.count) of \(count) found in \(seconds) s")
        if !missed.isEmpty { print("NOT FOUND: \(missed.sorted())") }
        return missed.isEmpty
    }

    private mutating func begin(_ canary: Canary) throws {
        let known = canary.seed
        let worker = try start(
            canary, first ?? known, first.map { $0 + CanaryHunt.seedsPerProcess } ?? known + 1)
        searches.append(Search(canary: canary, worker: worker))
    }

    private func start(_ canary: Canary, _ seed: UInt64, _ end: UInt64) throws -> Worker {
        let subject = ["--canary", "\(canary.issue)"] + (isPlain ? ["--plain"] : [])
        guard let worker = Worker(first: seed, stride: 1, end: end, subject: subject) else {
            throw CannotStart()
        }
        return worker
    }

    /// A worker has told something, or has ended.
    private mutating func look(_ index: Int) throws {
        guard let reports = searches[index].worker.read() else { return try ended(index) }
        for report in reports {
            guard case .ended(let seed, let failure, _, _) = report else { continue }
            searches[index].tried += 1
            if let failure { return found(index, seed, failure) }
        }
        giveUp(index)
    }

    private mutating func ended(_ index: Int) throws {
        searches[index].spent = searches[index].seconds
        let search = searches[index]
        _ = search.worker.wait()
        if let seed = search.worker.current {
            searches[index].tried += 1
            return report(index, seed, "a check of the server's own")
        }
        // After the known seed, or those before.
        let known = first == nil && search.tried == 1
        let next = known ? 1 : search.worker.end
        searches[index].worker = try start(search.canary, next, next + CanaryHunt.seedsPerProcess)
    }

    private mutating func found(_ index: Int, _ seed: UInt64, _ failure: String) {
        searches[index].spent = searches[index].seconds
        searches[index].worker.stop()
        report(index, seed, String(failure.prefix { $0 != ":" }))
    }

    private mutating func report(_ index: Int, _ seed: UInt64, _ property: String) {
        let search = searches.remove(at: index)
        let seconds = (search.spent * 10).rounded() / 10
        let columns = [
            ("\(search.canary.issue)", 5), (property, 8), ("\(seed)", 6), ("\(search.tried)", 5),
            ("\(seconds)", 5),
        ]
        let cells = columns.map { text, width in
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        print((cells + [search.canary.summary]).joined(separator: "  "))
        fflush(nil)
    }

    private mutating func giveUp(_ index: Int) {
        guard searches[index].seconds > budget else { return }
        let search = searches.remove(at: index)
        search.worker.stop()
        missed.append(search.canary.issue)
        print("\(search.canary.issue)  NOT FOUND in \(search.tried) seeds: \(search.canary.summary)")
        fflush(nil)
    }
}
