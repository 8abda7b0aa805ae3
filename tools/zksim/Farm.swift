import Glibc
import Simulation

/// Many seeds on several processes.
struct Farm {
    private let first: UInt64
    private let end: UInt64
    private let jobs: Int
    private let subject: [String]
    private var workers: [Worker] = []
    private var totals: [Int]
    private var done = 0
    private(set) var failures: [(seed: UInt64, text: String)] = []
    private let watch = Stopwatch()

    init(first: UInt64, count: UInt64, jobs: Int, subject: [String]) {
        self.subject = subject
        self.first = first
        end = first + count
        self.jobs = jobs
        totals = Figures().all.map { _ in 0 }
    }

    /// - Returns: whether every seed was good.
    mutating func run() throws -> Bool {
        for job in 0..<UInt64(jobs) where first + job < end { try start(at: first + job) }
        while !workers.isEmpty {
            var polled = workers.map { pollfd(fd: $0.output, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
            for index in polled.indices.reversed() where polled[index].revents != 0 {
                try readWorker(index)
            }
        }
        printSummary()
        return failures.isEmpty
    }

    private mutating func start(at seed: UInt64) throws {
        guard let worker = Worker(
            first: seed, stride: UInt64(jobs), end: end, subject: subject)
        else { throw CannotStart() }
        workers.append(worker)
    }

    private mutating func readWorker(_ index: Int) throws {
        if let reports = workers[index].read() {
            for report in reports { note(report) }
            return
        }
        let worker = workers.remove(at: index)
        let isOrderly = worker.wait()
        if let seed = worker.current {
            fail(seed, "a failed check of the server's own ended the process")
            done += 1
        } else if !isOrderly {
            fail(worker.next, "the process ended before it")
        }
        let hasRun = isOrderly || worker.current != nil
        if hasRun, worker.next < end { try start(at: worker.next) }
    }

    private mutating func note(_ report: Report) {
        guard case .ended(let seed, let failure, _, let figures) = report else { return }
        done += 1
        for (index, value) in figures.enumerated() where index < totals.count {
            totals[index] += value
        }
        if let failure { fail(seed, failure) }
    }

    private mutating func fail(_ seed: UInt64, _ text: String) {
        failures.append((seed, text))
        print("seed \(seed) FAILED: \(text)")
        fflush(nil)
    }

    private func printSummary() {
        let seconds = watch.seconds
        Summary(totals).print()
        print("\(done) seeds in \(rounded(seconds)) s: \(rounded(Double(done) / seconds)) a second")
        guard failures.isEmpty else {
            let list = failures.map { String($0.seed) }.sorted().joined(separator: ", ")
            return print("\(failures.count) FAILED: \(list)")
        }
        print("all good")
    }

    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
