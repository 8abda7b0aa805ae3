// What all parts of a run share: its clock and what is planned, its chance, its record.

/// One run, as its parts see it. Only what happens by it happens at all, so that a seed is one run.
package final class Run {
    package let options: Options
    private var agenda = Agenda()
    var chance: Chance
    /// nil: nobody asks, and what refers to parts weakly makes them dear.
    let census: Census?
    package var figures = Figures()
    /// The first property that did not hold.
    package private(set) var failure: Failure?
    var moments = Moments()
    /// Until then clients hardly think.
    private(set) var rushUntil = Int64(0)
    /// No fault begins any more.
    var areFaultsOver = false
    /// A hash over everything that happened and when: two runs of a seed have the same (P-23).
    private(set) var eventHash: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var eventCount = 0
    private let trace: ((String) -> Void)?

    /// - Parameter trace: gets a line for everything of interest.
    package init(
        _ options: Options, census: Census? = nil, trace: ((String) -> Void)? = nil
    ) {
        self.options = options
        self.census = census
        self.trace = trace
        chance = Chance(seed: options.seed)
    }

    // MARK: Time

    /// Simulated nanoseconds since the run began.
    var now: Int64 { agenda.now }

    /// For so long clients ask for as much as they can.
    func rush(for span: Span) { rushUntil = max(rushUntil, now + span.nanoseconds) }

    func after(_ delay: Span, _ action: @escaping () -> Void) { agenda.plan(after: delay, action) }

    /// Goes on until `end`, a failure, or `isDone`.
    func go(until end: Int64, _ isDone: () -> Bool) {
        while failure == nil, let next = agenda.nextInstant, next <= end, !isDone() {
            agenda.takeNext()?()
        }
    }

    /// Nothing that was planned happens any more.
    func end() {
        agenda.removeAll()
        moments = Moments()
    }

    // MARK: What must hold

    package func fail(_ property: String, _ text: String) {
        guard failure == nil else { return }
        failure = Failure(property: property, text: text)
        note(nil, "FAILURE \(property): \(text)")
    }

    func expect(_ condition: Bool, _ property: String, _ text: @autoclosure () -> String) {
        if !condition { fail(property, text()) }
    }

    // MARK: The record

    func record(_ what: StaticString, _ one: Int, _ two: Int = 0, _ three: Int = 0, _ four: Int = 0) {
        eventCount += 1
        mix(UInt64(bitPattern: now))
        mix(UInt64(truncatingIfNeeded: one) &+ UInt64(truncatingIfNeeded: two) << 32)
        mix(UInt64(truncatingIfNeeded: three) &+ UInt64(truncatingIfNeeded: four) << 32)
        if trace != nil { line("\(what) \([one, two, three, four])") }
    }

    private func mix(_ value: UInt64) {
        eventHash = (eventHash ^ value) &* 0x100_0000_01b3
        eventHash ^= eventHash >> 29
    }

    func note(_ host: Host?, _ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        line((host.map { "\($0) " } ?? "") + text())
    }

    private func line(_ text: String) {
        let micros = now / 1000
        let fraction = String(micros % 1_000_000 + 1_000_000).dropFirst()
        trace?("\(micros / 1_000_000).\(fraction) \(text)")
    }
}
