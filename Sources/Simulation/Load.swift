/// How much the clients of a run ask for. What a run costs goes with its transactions, and what it finds
/// goes with its faults: so most runs have few, and with them less of what is counted in transactions or
/// bytes, so that histories outgrow memory, logs roll and epochs end as often as in a busy run.
struct Load {
    /// What passes between two requests of a client.
    let thinking: ClosedRange<Span>
    /// How many times fewer requests there are than in a busy run, about.
    private let share: Int

    /// Clients that have almost always something on its way.
    static let busy = Load(thinking: .milliseconds(1) ... .milliseconds(200), share: 1)

    private static let loads = [
        busy,
        // Bursts, between which a client may be silent for long.
        Load(thinking: .milliseconds(1) ... .seconds(8), share: 4),
        Load(thinking: .milliseconds(2) ... .seconds(8), share: 6),
        // Evenly thin.
        Load(thinking: .milliseconds(5) ... .seconds(1), share: 4),
        Load(thinking: .milliseconds(10) ... .seconds(2), share: 8),
    ]

    /// One run in ten is busy.
    static func some(_ chance: inout Chance) -> Load {
        loads[chance.pick([0, 1, 1, 1, 2, 2, 3, 3, 4, 4])]
    }

    /// What is so much in a busy run.
    func scaled(_ count: Int) -> Int { max(1, count / share) }
}
