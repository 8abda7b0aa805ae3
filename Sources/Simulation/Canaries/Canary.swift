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

    /// What is made more frequent than in other runs, so that the bug shows soon. It shows in those
    /// too, given time.
    enum Weights: Sendable {
        /// Servers die and come back.
        case crashes
        /// Links and paths break; the history outgrows the leader's memory.
        case links
        /// Disks are exchanged, and links break: snapshots are sent.
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
    package func options(seed: UInt64) -> Options {
        var options = withoutDefect(seed: seed)
        options.defects = defect
        return options
    }

    /// The same choices, in which nothing may be found.
    package func withoutDefect(seed: UInt64) -> Options {
        var options = Options.of(seed: seed)
        options.safetySpan = .seconds(30)
        weights.apply(to: &options)
        return options
    }

    package static func of(_ issue: Int) -> Canary? { all.first { $0.issue == issue } }
}

extension Canary.Weights {
    func apply(to options: inout Options) {
        var rates = FaultRates()
        switch self {
        case .crashes:
            rates.crash = .milliseconds(1000)
            rates.breakage = .milliseconds(2000)
        case .links:
            options.recentBytes = 512
            rates.breakage = .milliseconds(300)
            rates.partition = .milliseconds(1500)
            rates.crash = .milliseconds(2500)
        case .snapshots:
            options.recentBytes = 512
            options.snapshotTxnCount = 40
            options.socketBytes = 512
            options.segmentBytes = 16 * 1024
            rates.wipe = .milliseconds(1500)
            rates.breakage = .milliseconds(1000)
            rates.partition = .milliseconds(2000)
            rates.crash = .milliseconds(2500)
        case .walks:
            options.snapshotTxnCount = 40
            options.ownLists = 50
            rates.crash = .milliseconds(1000)
        case .lostSnapshots:
            options.snapshotTxnCount = 40
            options.segmentBytes = 16 * 1024
            rates.crash = .milliseconds(2500)
            rates.snapshotLoss = .milliseconds(1000)
        case .disks:
            options.isLogCompressed = true
            rates.crash = .milliseconds(2000)
            rates.partition = .milliseconds(2000)
            rates.diskError = .milliseconds(1000)
            rates.fullDisk = .milliseconds(1000)
        case .longLives:
            options.recentBytes = 65_536
            rates.breakage = .milliseconds(300)
            rates.partition = .milliseconds(1000)
            rates.handOver = .milliseconds(2000)
        case .counters:
            options.maximumCounter = 300
            options.counterReserve = 100
            rates.crash = .milliseconds(4000)
        }
        options.faults = rates
    }
}
