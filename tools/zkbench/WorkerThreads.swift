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
                try spawn {
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

    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func spawn(_ body: @escaping @Sendable () -> Void) throws(BenchError)
        -> pthread_t
    {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(body)).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                // SAFETY: retained for this thread when it was made, and taken once.
                Unmanaged<Body>.fromOpaque(context.unsafelyUnwrapped).takeRetainedValue().run()
                return nil
            }, context)
        guard status == 0 else { throw BenchError("pthread_create: errno \(status)") }
        return thread
    }
}
