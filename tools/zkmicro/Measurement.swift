import Counters

/// Something prepared to be done again and again.
struct PreparedOperation {
    /// How many operations one call of `body` does.
    var count: Int
    var body: () -> Void
}

/// What one operation of many took, after buffers have grown to what they need.
struct Measurement {
    struct Counts {
        /// For each operation.
        var allocations: Double
    }

    let counts: Counts
    private static let warmUps = 2

    init(_ prepared: PreparedOperation) {
        for _ in 0..<Self.warmUps { prepared.body() }
        let context = Body(prepared.body)
        let pointer = Unmanaged.passUnretained(context).toOpaque()
        let before = counters_allocations()
        counters_measured(
            { context in
                // SAFETY: the caller holds it until this has returned.
                guard let context else { return }
                Unmanaged<Body>.fromOpaque(context).takeUnretainedValue().run()
            }, pointer)
        let allocations = counters_allocations() - before
        withExtendedLifetime(context) {}
        counts = Counts(allocations: Double(allocations) / Double(prepared.count))
    }

    private final class Body {
        let run: () -> Void

        init(_ run: @escaping () -> Void) { self.run = run }
    }
}
