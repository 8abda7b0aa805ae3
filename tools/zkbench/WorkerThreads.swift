// Runs a plan on its threads.
import Glibc
import Synchronization

enum WorkerThreads {
    /// What the threads of a run hand over.
    private final class Outcome: Sendable {
        let results = Mutex<[Result<LoadResult, BenchError>]>([])
    }

    /// Connects all, then runs all; with one thread, on the caller's.
    static func run(_ plan: LoadPlan) throws(BenchError) -> LoadResult {
        if plan.threads == 1 { return try Worker(plan, number: 0).run() }
        let outcome = Outcome()
        var threads: [pthread_t] = []
        for number in 0..<plan.threads {
            threads.append(
                try Threads.spawn {
                    let result = Result { () throws(BenchError) in
                        try Worker(plan, number: number).run()
                    }
                    outcome.results.withLock { $0.append(result) }
                })
        }
        for thread in threads { pthread_join(thread, nil) }
        var total = LoadResult()
        for result in outcome.results.withLock({ $0 }) { total.add(try result.get()) }
        return total
    }
}
