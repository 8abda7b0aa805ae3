import ServerCore
import ZKWire
import Zab

/// What one run is: all of it comes from the seed, so that runs differ in everything that matters.
package struct Options: Sendable {
    package var seed: UInt64
    package var voters = 3
    package var observers = 0
    package var clients = 4
    package var tick = Span.milliseconds(200)
    package var initLimit = 10
    package var syncLimit = 5
    package var latency: ClosedRange<Span> = .microseconds(50) ... .milliseconds(5)
    package var syncTime: ClosedRange<Span> = .microseconds(100) ... .milliseconds(8)
    package var segmentBytes = 64 * 1024
    package var snapshotTxnCount = 400
    /// Payload bytes that a leader keeps for learners that lag a little.
    package var recentBytes = 16 * 1024
    /// The counter of an epoch's last zxid, and how long before it a leader steps down.
    package var maximumCounter = UInt32.max
    package var counterReserve: UInt32 = 65_536
    package var isLogCompressed = false
    /// Znodes in a hundred that are created with an access control list of their own.
    package var ownLists = 10
    /// Bytes on their way by a connection above which the sender has to wait.
    package var socketBytes = 1 << 20
    /// Bugs put back on purpose.
    package var defects: KnownDefects = []
    /// How long there are faults.
    package var safetySpan = Span.seconds(30)
    /// Within this everybody has to be synchronized and served when the faults are over.
    package var livenessBound = Span.seconds(10)
    /// Mean time between faults of each kind; nil: none.
    package var faults = FaultRates()

    package init(seed: UInt64) { self.seed = seed }

    /// The run that a seed stands for.
    package static func of(seed: UInt64) -> Options {
        var chance = Chance(seed: seed ^ 0x5a5a_1234)
        var options = Options(seed: seed)
        options.voters = chance.pick([3, 3, 3, 5])
        options.observers = chance.pick([0, 0, 0, 1])
        options.clients = chance.pick([2, 4, 6])
        options.tick = .milliseconds(chance.pick([100, 200, 400]))
        options.latency = .microseconds(50) ... .milliseconds(chance.pick([1, 5, 40]))
        options.syncTime = .microseconds(100) ... .milliseconds(chance.pick([2, 10, 60]))
        options.segmentBytes = chance.pick([16, 32, 64]) * 1024
        options.snapshotTxnCount = chance.pick([40, 150, 600])
        options.recentBytes = chance.pick([512, 4096, 65_536])
        options.safetySpan = .seconds(chance.pick([20, 30, 60]))
        options.faults = FaultRates(&chance)
        if chance.percent(25) {
            options.maximumCounter = UInt32(chance.pick([300, 1000]))
            options.counterReserve = 100
        }
        options.isLogCompressed = chance.percent(25)
        options.socketBytes = chance.pick([4096, 1 << 20])
        return options
    }

    var members: [ServerID] {
        (1...(voters + observers)).map { ServerID(rawValue: Int64($0)) }
    }

    func isObserver(_ id: ServerID) -> Bool { id.rawValue > Int64(voters) }

    var membership: Membership {
        Membership(Array(members.prefix(voters)), observers: Set(members.dropFirst(voters)))
    }

    var core: CoreConfiguration {
        var core = CoreConfiguration()
        core.tick = .nanoseconds(tick.nanoseconds)
        core.minimumSessionTimeoutMilliseconds = Int32(2 * tick.nanoseconds / 1_000_000)
        core.maximumSessionTimeoutMilliseconds = 20_000
        core.snapshotTxnCount = snapshotTxnCount
        core.reapInterval = .seconds(2)
        core.defects = defects
        return core
    }

    func zab(for id: ServerID) -> ZabConfiguration {
        var zab = ZabConfiguration(serverID: id, membership: membership)
        zab.tick = .nanoseconds(tick.nanoseconds)
        zab.initLimit = initLimit
        zab.syncLimit = syncLimit
        zab.recentBytes = recentBytes
        zab.maximumCounter = maximumCounter
        zab.counterReserve = counterReserve
        zab.defects = defects
        return zab
    }
}

/// Mean times between faults; nil: that fault does not happen.
package struct FaultRates: Sendable {
    package var crash: Span?
    package var partition: Span?
    /// The leader is cut off from all others, with what it has proposed.
    package var leaderCut: Span?
    package var breakage: Span?
    package var pause: Span?
    package var slowDisk: Span?
    package var clockJump: Span?
    /// The leader is told to have another server lead.
    package var handOver: Span?
    /// A member's disk is exchanged for an empty one.
    package var wipe: Span?
    package var diskError: Span?
    package var fullDisk: Span?
    /// A member that is down loses its newest snapshot, or all of them.
    package var snapshotLoss: Span?
    /// Of a hundred synchronizations, those in which the leader or the learner dies.
    package var syncCrashes = 0
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
        snapshotLoss = rate(25, [3000, 10_000])
        leaderCut = rate(25, [2000, 8000])
        syncCrashes = chance.pick([0, 0, 10, 30])
        streamStalls = partition == nil ? 0 : chance.pick([0, 30])
        cutFailures = diskError == nil ? 0 : 30
    }

    package static let none = FaultRates()
}
