import Resync
import Zab

/// What happened in a run, or in many.
package struct Figures: Sendable {
    package var simulatedMilliseconds: Int64 = 0
    package var elections = 0
    package var crashes = 0
    package var starts = 0
    /// Times that several processes ended at once; each is counted among the crashes too.
    package var massCrashes = 0
    /// Starts that a loss of power ended.
    package var vainStarts = 0
    package var partitions = 0
    package var portCuts = 0
    package var narrowPaths = 0
    package var latePaths = 0
    package var breakages = 0
    package var pauses = 0
    package var slowDisks = 0
    package var clockJumps = 0
    package var clockDrifts = 0
    package var handOvers = 0
    package var wipes = 0
    package var diskErrors = 0
    package var fullDisks = 0
    package var snapshotLosses = 0
    /// Bytes that turned to others, and sectors that were written elsewhere, at one time on a disk.
    package var bitRots = 0
    package var misdirections = 0
    /// Repairs begun; those that put a history together; those that took a leader's; and members that
    /// refused to start because nobody could help.
    package var repairs = 0
    package var repaired = 0
    package var givenUp = 0
    package var refusals = 0
    /// Runs that ended without a quorum that may vote.
    package var standstills = 0
    package var storageFailures = 0
    package var snapshots = 0
    package var truncations = 0
    package var installs = 0
    package var failedInstalls = 0
    /// Synchronizations by where they came from and how.
    package var memoryDiffs = 0
    package var memoryTruncs = 0
    package var diskDiffs = 0
    package var diskTruncs = 0
    package var snaps = 0
    package var transactions = 0
    package var writes = 0
    package var reads = 0
    package var watchEvents = 0
    package var lostRequests = 0
    package var sessions = 0
    package var expiredSessions = 0
    package var reusedSessions = 0
    /// Learners that were cut off because they took less than they were sent.
    package var outputBounds = 0
    /// Runs that began just before the end of an epoch's counter, or of the epochs.
    package var lateCounters = 0
    package var lateEpochs = 0
    /// As `SyncCoverage` has it.
    package var deathsInSync = SyncCoverage.none

    package init() {}

    mutating func note(_ plan: SyncPlan) {
        switch plan {
        case .diff: diskDiffs += 1
        case .truncate: diskTruncs += 1
        case .snapshot: snaps += 1
        }
    }

    /// Names and values, in an order that stays.
    package var all: [(name: String, value: Int)] { faults + protocolSteps + requests + coverage }

    private var faults: [(name: String, value: Int)] {
        [
            ("simulated ms", Int(simulatedMilliseconds)), ("crashes", crashes),
            ("crashes of several at once", massCrashes), ("starts", starts),
            ("starts in vain", vainStarts), ("partitions", partitions),
            ("cuts of one kind of port", portCuts), ("narrow paths", narrowPaths),
            ("late paths", latePaths), ("broken connections", breakages), ("pauses", pauses),
            ("slow disks", slowDisks), ("clock jumps", clockJumps), ("clock drifts", clockDrifts),
            ("hand-overs", handOvers), ("wiped disks", wipes), ("disk errors", diskErrors),
            ("full disks", fullDisks), ("lost snapshots", snapshotLosses),
            ("bit rot", bitRots), ("misdirected writes", misdirections), ("repairs", repairs),
            ("histories put together", repaired), ("histories given up for a leader's", givenUp),
            ("refusals to start", refusals), ("standstills", standstills),
            ("ends of processes for their disk", storageFailures),
            ("runs at the end of a counter", lateCounters),
            ("runs at the end of the epochs", lateEpochs),
        ]
    }

    private var protocolSteps: [(name: String, value: Int)] {
        [
            ("elections", elections), ("snapshots", snapshots), ("truncations", truncations),
            ("installs", installs), ("failed installs", failedInstalls),
            ("DIFF from memory", memoryDiffs), ("TRUNC from memory", memoryTruncs),
            ("DIFF from disk", diskDiffs), ("TRUNC from disk", diskTruncs), ("SNAP", snaps),
            ("learners cut off for their output", outputBounds),
        ]
    }

    private var requests: [(name: String, value: Int)] {
        [
            ("transactions", transactions), ("writes answered", writes), ("reads", reads),
            ("watch events", watchEvents), ("requests lost", lostRequests),
            ("sessions", sessions), ("sessions expired", expiredSessions),
            ("session ids given out again", reusedSessions),
        ]
    }

    private var coverage: [(name: String, value: Int)] {
        Array(zip(SyncCoverage.names, deathsInSync)).map { (name: $0.0, value: $0.1) }
    }
}
