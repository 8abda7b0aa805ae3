import Glibc

enum Threads {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a thread of its own, to be joined.
    static func spawn(_ body: @escaping @Sendable () -> Void) throws(BenchError) -> pthread_t {
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
