/// Mean times between faults; nil: that fault does not happen.
package struct FaultRates: Sendable {
    package var crash: Span?
    package var partition: Span?
    /// Paths to one kind of port are cut.
    package var portCut: Span?
    /// A path is narrow or late.
    package var slowPath: Span?
    package var breakage: Span?
    package var pause: Span?
    package var slowDisk: Span?
    package var clockJump: Span?
    package var clockDrift: Span?
    /// The leader is told to have another server lead.
    package var handOver: Span?
    /// A member's disk is exchanged for an empty one.
    package var wipe: Span?
    package var diskError: Span?
    package var fullDisk: Span?
    /// The leader is cut off from all others, with what it has proposed.
    package var leaderCut: Span?
    /// A member that is down loses its newest snapshot, or all of them.
    package var snapshotLoss: Span?
    /// Bytes on a member's disk turn to others.
    package var bitRot: Span?
    /// A sector of a member's disk has been written elsewhere.
    package var misdirection: Span?
    /// Of a hundred synchronizations, those in which the leader or the learner dies.
    package var syncCrashes = 0
    /// Of a hundred steps of learners that have to cut their logs, those at which one of both dies.
    package var cutCrashes = 0
    /// Of a hundred streams from a leader's disk, those whose learner is cut off meanwhile.
    package var streamStalls = 0
    /// Of a hundred cuts of logs, those in which the disk fails or is full.
    package var cutFailures = 0

    package init() {}

    /// Each run has some kinds of faults, and some of those often.
    init(_ chance: inout Chance) {
        func rate(_ share: Int, _ spans: [Int64]) -> Span? {
            let span = Span.milliseconds(chance.pick(spans))
            return chance.percent(share) ? span : nil
        }
        crash = rate(85, [800, 2500, 8000])
        partition = rate(70, [1000, 4000, 10_000])
        breakage = rate(50, [500, 2000, 8000])
        pause = rate(40, [2000, 8000])
        slowDisk = rate(30, [5000, 15_000])
        clockJump = rate(30, [3000])
        handOver = rate(30, [3000, 10_000])
        wipe = rate(25, [3000, 10_000])
        diskError = rate(20, [2000, 8000])
        fullDisk = rate(20, [3000, 10_000])
        portCut = rate(30, [1500, 5000])
        slowPath = rate(30, [1500, 5000])
        clockDrift = rate(25, [3000])
        snapshotLoss = rate(25, [3000, 10_000])
        leaderCut = rate(40, [1500, 5000])
        syncCrashes = chance.pick([0, 0, 10, 30])
        streamStalls = partition == nil ? 0 : chance.pick([0, 30])
        cutCrashes = chance.pick([0, 30])
        cutFailures = diskError == nil ? 0 : 30
    }

    /// Silent damage, by a chance of its own. It takes the place of lost snapshots: with repair a member
    /// without a snapshot is one that is damaged.
    mutating func addDamage(_ chance: inout Chance) {
        let rot = Span.milliseconds(chance.pick([1500, 4000, 10_000]))
        let misdirected = Span.milliseconds(chance.pick([1500, 4000, 10_000]))
        let kinds = chance.below(3)
        if kinds != 0 { bitRot = rot }
        if kinds != 1 { misdirection = misdirected }
        snapshotLoss = nil
    }

    package static let none = FaultRates()
}
