import Recovery
import ServerCore
import ZKWire
import Zab

/// What one run is: all of it comes from the seed, so that runs differ in everything that matters.
package struct Options: Sendable {
    package var seed: UInt64
    package var voters = 3
    package var observers = 0
    package var clients = 4
    /// What passes between two requests of a client.
    package var thinking = Load.busy.thinking
    /// Of a hundred requests two would end a session or a connection; it is so many times fewer.
    package var stays = 4
    package var tick = Span.milliseconds(200)
    package var initLimit = 10
    package var syncLimit = 5
    package var latency: ClosedRange<Span> = .microseconds(50) ... .milliseconds(5)
    package var syncTime: ClosedRange<Span> = .microseconds(100) ... .milliseconds(8)
    package var segmentBytes = 64 * 1024
    package var snapshotTxnCount = 400
    /// Payload bytes that a leader keeps for learners that lag a little.
    package var recentBytes = 16 * 1024
    /// What may be on its way by a connection before the sender has to wait.
    package var socketBytes = 1 << 20
    /// Output of a link above which its learner is cut off.
    package var linkBytes = 128 << 20
    /// The servers keep their trees' digests, and compare them.
    package var keepsDigest = true
    /// The counter of an epoch's last zxid, and how long before it a leader steps down.
    package var maximumCounter = UInt32.max
    package var counterReserve: UInt32 = 65_536
    package var isLogCompressed = false
    /// Znodes in a hundred that are created with an access control list of their own.
    package var ownLists = 10
    /// Bugs put back on purpose.
    package var defects: KnownDefects = []
    /// What everybody has at the beginning; zero: nothing.
    package var start = Zxid.zero
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
        let load = Load.some(&chance)
        options.thinking = load.thinking
        // A segment has a block of zeros at least behind that of its header.
        options.segmentBytes = max(2, load.scaled(chance.pick([4, 8, 16]))) * 4096
        // Not so few that there is one all the time.
        options.snapshotTxnCount = max(16, load.scaled(chance.pick([40, 150, 600])))
        options.stays = load.scaled(4)
        options.recentBytes = load.scaled(chance.pick([512, 4096, 65_536]))
        options.safetySpan = .seconds(chance.pick([20, 30, 60]))
        options.keepsDigest = chance.percent(75)
        options.socketBytes = chance.pick([4 << 10, 64 << 10, 1 << 20])
        if options.socketBytes == 4 << 10 {
            // Room for what a DIFF from memory may be.
            options.linkBytes = max(8 << 10, 2 * options.recentBytes)
        }
        options.start = someStart(load, &chance)
        options.faults = FaultRates(&chance)
        if options.start == .zero, chance.percent(25) {
            options.counterReserve = 100
            options.maximumCounter = 100 + UInt32(load.scaled(chance.pick([200, 900])))
        }
        options.isLogCompressed = chance.percent(25)
        // What came later has a chance of its own, so that the other runs stay what they were.
        var later = Chance(seed: seed ^ 0x0b17_2070)
        if later.percent(15) { options.addDamage() }
        return options
    }

    /// The run that a seed stands for, with silent damage in any case.
    package static func rotten(seed: UInt64) -> Options {
        var options = of(seed: seed)
        options.addDamage()
        return options
    }

    private mutating func addDamage() {
        var chance = Chance(seed: seed ^ 0x0b17_2071)
        faults.addDamage(&chance)
        // A repair waits for the others, and a connection takes ten seconds to be given up.
        livenessBound = .seconds(40)
    }

    /// Mostly the beginning; now and then just before the last transaction of an epoch, or the last
    /// epochs that there are (N-17).
    private static func someStart(_ load: Load, _ chance: inout Chance) -> Zxid {
        let before = UInt32(chance.below(load.scaled(400)))
        switch chance.below(16) {
        case 0:
            return Zxid(epoch: Epoch(rawValue: 7), counter: UInt32.max - 65_536 - before)
        case 1: return Zxid(epoch: Epoch(rawValue: UInt32(Int32.max) - 4000), counter: 1 + before)
        default: return .zero
        }
    }

    var members: [ServerID] {
        (1...(voters + observers)).map { ServerID(rawValue: Int64($0)) }
    }

    func isObserver(_ id: ServerID) -> Bool { id.rawValue > Int64(voters) }

    var membership: Membership {
        Membership(Array(members.prefix(voters)), observers: Set(members.dropFirst(voters)))
    }

    func core(for id: ServerID, seed: UInt64) -> CoreConfiguration {
        var core = CoreConfiguration()
        core.serverID = id
        core.hashSeed = seed
        core.isTreeDigestEnabled = keepsDigest
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
        zab.maximumLinkBytes = linkBytes
        zab.maximumCounter = maximumCounter
        zab.counterReserve = counterReserve
        zab.defects = defects
        return zab
    }

    func recovery(for id: ServerID, ensembleID: UInt64, seed: UInt64) -> RecoveryConfiguration {
        var recovery = RecoveryConfiguration(serverID: id, newEnsembleID: ensembleID, seed: seed)
        recovery.segmentSizeBytes = segmentBytes
        recovery.keepsDigest = keepsDigest
        recovery.isLogCompressed = isLogCompressed
        recovery.defects = defects
        return recovery
    }
}
