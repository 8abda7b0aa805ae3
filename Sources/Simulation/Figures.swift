import Resync
import Zab

/// What happened in a run, or in many.
package struct Figures: Sendable {
    package var simulatedMilliseconds: Int64 = 0
    package var elections = 0
    package var crashes = 0
    package var starts = 0
    /// Of them, that the power ended.
    package var vainStarts = 0
    package var partitions = 0
    package var breakages = 0
    package var pauses = 0
    package var slowDisks = 0
    package var clockJumps = 0
    package var handOvers = 0
    package var wipes = 0
    package var diskErrors = 0
    package var fullDisks = 0
    package var snapshotLosses = 0
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

    package init() {}

    mutating func note(_ plan: SyncPlan) {
        switch plan {
        case .diff: diskDiffs += 1
        case .truncate: diskTruncs += 1
        case .snapshot: snaps += 1
        }
    }

    /// Names and values, in an order that stays.
    package var all: [(name: String, value: Int)] {
        [
            ("simulated ms", Int(simulatedMilliseconds)), ("elections", elections),
            ("crashes", crashes), ("starts", starts), ("starts in vain", vainStarts),
            ("partitions", partitions), ("broken connections", breakages), ("pauses", pauses),
            ("slow disks", slowDisks),
            ("clock jumps", clockJumps), ("hand-overs", handOvers), ("wiped disks", wipes),
            ("disk errors", diskErrors), ("full disks", fullDisks),
            ("lost snapshots", snapshotLosses), ("standstills", standstills),
            ("ends of processes for their disk", storageFailures), ("snapshots", snapshots),
            ("truncations", truncations), ("installs", installs),
            ("failed installs", failedInstalls),
            ("DIFF from memory", memoryDiffs), ("TRUNC from memory", memoryTruncs),
            ("DIFF from disk", diskDiffs), ("TRUNC from disk", diskTruncs), ("SNAP", snaps),
            ("transactions", transactions), ("writes answered", writes), ("reads", reads),
            ("watch events", watchEvents), ("requests lost", lostRequests),
            ("sessions", sessions), ("sessions expired", expiredSessions),
            ("session ids given out again", reusedSessions),
        ]
    }
}
