import ZKWire

extension Canary {
    /// In the order of their numbers. What each is in the code: `KnownDefects`.
    package static let all: [Canary] = [
        Canary(
            1154, "a learner's own end is not cut off: DIFF for TRUNC", "D5 D6",
            .zookeeper1154, .tails, seed: 1),
        Canary(
            1277, "the zxid's counter rolls over into the epoch", "D17",
            .zookeeper1277, .counters, seed: 1),
        Canary(
            1489, "after a cut the log goes on behind a hole", "D6",
            .zookeeper1489, .tails, seed: 1),
        Canary(
            1653, "no start when the log is ahead of currentEpoch", "D3 D15",
            .zookeeper1653, .joins, seed: 2),
        Canary(
            2201, "a learner that takes nothing of its snapshot stops all commits", "D11",
            .zookeeper2201, .stalls, seed: 7),
        Canary(
            2213, "a set of an empty path is proposed", "D14",
            .zookeeper2213, .joins, seed: 1),
        Canary(
            2325, "all snapshots lost: the log on an empty tree", "D4",
            .zookeeper2325, .lostSnapshots, seed: 1),
        Canary(
            2355, "a learner has what DIFF says before it has come", "D2",
            .zookeeper2355, .joins, seed: 2),
        Canary(
            2418, "DIFF leaves out what lies between log and memory", "D5",
            .zookeeper2418, .links, seed: 1),
        Canary(
            2574, "purging takes log that a kept snapshot needs", "D12",
            .zookeeper2574, .lostSnapshots, seed: 1),
        Canary(
            2845, "what is logged and not applied is forgotten before an election", "D2",
            .zookeeper2845, .links, seed: 1),
        Canary(
            2872, "a leader's snapshot is not synced", "D7",
            .zookeeper2872, .snapshots, seed: 1),
        Canary(
            3104, "NEWLEADER before the end of the history", "D20",
            .zookeeper3104, .joins, seed: 4),
        Canary(
            3127, "a snapshot begins within a multi", "D10",
            .zookeeper3127, .walks, seed: 1),
        Canary(
            3144, "a snapshot begins before its last session is known", "D10",
            .zookeeper3144, .walks, seed: 1),
        Canary(
            3306, "an access control list is in neither snapshot nor replay", "D10",
            .zookeeper3306, .walks, seed: 12),
        Canary(
            3642, "a leader's snapshot is in memory only when the leader dies", "D7 D2",
            .zookeeper3642, .snapshots, seed: 2),
        Canary(
            3701, "a cut of the log that fails is taken for done", "D6 D9",
            .zookeeper3701, .tails, seed: 2),
        Canary(
            3911, "the history is logged after UPTODATE", "D1 D3",
            .zookeeper3911, .joins, seed: 1),
        Canary(
            4643, "currentEpoch before the history", "D3",
            .zookeeper4643, .joins, seed: 1),
        Canary(
            4646, "NEWLEADER acknowledged before the history is logged", "D1",
            .zookeeper4646, .joins, seed: 1),
        Canary(
            4712, "the log goes on writing when the learner has ended", "D8",
            .zookeeper4712, .links, seed: 1),
        Canary(
            4882, "a server lives on after its log could not be written", "D2 D9",
            .zookeeper4882, .disks, seed: 1),
        Canary(
            4925, "a hole in memory is passed on by the next leader", "D4",
            .zookeeper4925, .longLives, seed: 8),
    ]

    private init(
        _ issue: Int, _ summary: String, _ rule: String, _ defect: KnownDefects,
        _ weights: Weights, seed: UInt64
    ) {
        self.issue = issue
        self.summary = summary
        self.rule = rule
        self.seed = seed
        self.defect = defect
        self.weights = weights
    }
}
