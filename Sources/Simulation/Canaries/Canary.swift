import ZKWire

/// A known bug that is put back on purpose, and what a run needs for it to show. The simulator has to
/// find every one of them: docs/simulation.md, "Canaries".
package struct Canary: Sendable {
    /// The number of the issue in Apache ZooKeeper's JIRA.
    package let issue: Int
    /// What goes wrong, in a few words.
    package let summary: String
    /// The rule of design that it breaks.
    package let rule: String
    /// A seed that was seen to find it; tried first. A change of the simulator makes it another run.
    package let seed: UInt64
    let defect: KnownDefects
    let weights: Weights

    /// What is made more frequent than in other runs, so that the bug shows soon.
    enum Weights: Sendable {
        /// Servers die, most of them while one of them is synchronized.
        case joins
        /// Links break, servers die, and the history outgrows the leader's memory at once.
        case links
        /// Leaders are cut off with what they have proposed, and it has to go later; the disk may fail.
        case tails
        /// Paths are cut while snapshots are sent.
        case stalls
        /// Disks are exchanged: snapshots are sent.
        case snapshots
        /// The walk of a snapshot begins often, and servers start from what it has written.
        case walks
        /// Snapshots are lost, and the log before them is purged.
        case lostSnapshots
        /// Operations of disks fail.
        case disks
        /// Links break, and nothing else does: a server's memory lives long.
        case longLives
        /// An epoch has few zxids.
        case counters
    }

    /// The run that a seed stands for, with the bug.
    /// - Parameter isPlain: with the faults that any run of this seed has.
    package func options(seed: UInt64, isPlain: Bool = false) -> Options {
        var options = isPlain ? Options.of(seed: seed) : withoutDefect(seed: seed)
        options.defects = defect
        return options
    }

    /// The same choices, in which nothing may be found.
    package func withoutDefect(seed: UInt64) -> Options {
        var options = Options.of(seed: seed)
        options.safetySpan = .seconds(30)
        options.livenessBound = Options(seed: seed).livenessBound
        weights.apply(to: &options)
        return options
    }

    package static func of(_ issue: Int) -> Canary? { all.first { $0.issue == issue } }
}

extension Canary.Weights {
    func apply(to options: inout Options) {
        options.faults = FaultRates()
        switch self {
        case .joins: weighJoins(&options)
        case .links: weighLinks(&options)
        case .tails: weighTails(&options)
        case .stalls:
            weighSnapshots(&options)
            options.faults = FaultRates()
            options.faults.crash = .milliseconds(4000)
            options.faults.streamStalls = 70
        case .snapshots: weighSnapshots(&options)
        case .walks:
            options.snapshotTxnCount = 40
            options.ownLists = 50
            options.faults.crash = .milliseconds(1000)
        case .lostSnapshots:
            options.snapshotTxnCount = 40
            options.segmentBytes = 16 * 1024
            options.faults.crash = .milliseconds(2500)
            options.faults.snapshotLoss = .milliseconds(1000)
        case .disks:
            options.faults.crash = .milliseconds(2000)
            options.faults.diskError = .milliseconds(1000)
        case .longLives:
            options.recentBytes = 65_536
            options.faults.breakage = .milliseconds(200)
            options.faults.partition = .milliseconds(800)
            options.faults.handOver = .milliseconds(1500)
        case .counters:
            options.maximumCounter = 300
            options.counterReserve = 100
            options.faults.crash = .milliseconds(4000)
        }
    }

    private func weighJoins(_ options: inout Options) {
        options.syncTime = .microseconds(100) ... .milliseconds(60)
        options.faults.crash = .milliseconds(1000)
        options.faults.breakage = .milliseconds(1000)
        options.faults.syncCrashes = 50
    }

    private func weighLinks(_ options: inout Options) {
        options.recentBytes = 0
        options.socketBytes = 512
        options.faults.crash = .milliseconds(1500)
        options.faults.breakage = .milliseconds(500)
        options.faults.partition = .milliseconds(1500)
    }

    private func weighTails(_ options: inout Options) {
        options.tick = .milliseconds(100)
        options.syncLimit = 2
        options.isLogCompressed = true
        options.faults.crash = .milliseconds(2500)
        options.faults.leaderCut = .milliseconds(700)
        options.faults.cutFailures = 50
    }

    private func weighSnapshots(_ options: inout Options) {
        options.recentBytes = 512
        options.snapshotTxnCount = 40
        options.socketBytes = 512
        options.segmentBytes = 16 * 1024
        options.faults.wipe = .milliseconds(1000)
        options.faults.partition = .milliseconds(2000)
        options.faults.crash = .milliseconds(4000)
        options.faults.syncCrashes = 40
    }
}
