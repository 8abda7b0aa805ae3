// What may be left after the power fails: every unsynced sector in any of the versions it had,
// every unsynced change of a directory made or not made, each independently of the others.

extension SimulatedDisk {
    /// The disk as the next process finds it after the death of this one: the page cache survives.
    package func afterKill() -> SimulatedDisk {
        state.withLock { state in
            var copy = state
            copy.locked = []
            copy.faults = SimulatedFaults()
            return SimulatedDisk(copy)
        }
    }

    /// Gives the locks of a process that died back; for tests that go on with the same disk.
    package func releaseLocks() { state.withLock { $0.locked = [] } }

    /// One state that a power failure may leave, drawn with `seed`.
    package func crash(seed: UInt64) -> SimulatedDisk {
        var random = SplitMix64(seed: seed)
        return crashed(choices.map { Int(random.next() % UInt64($0)) })
    }

    /// States that a power failure may leave: all of them if there are no more than `limit`;
    /// otherwise none and all of what was pending, each part alone, each part missing, every prefix
    /// (evenly chosen ones where they are too many), and then random ones.
    package func crashStates(limit: Int, seed: UInt64 = 1) -> [SimulatedDisk] {
        let counts = choices
        var product = 1
        for count in counts where product <= limit { product *= count }
        let plans = product <= limit ? allPlans(counts) : somePlans(counts, limit, seed)
        return plans.map(crashed)
    }

    /// The number of states that each independent part may be found in.
    private var choices: [Int] {
        state.withLock { state in
            state.inodes.keys.sorted().flatMap { state.inodes[$0]?.choices ?? [] }
                + state.names.unsynced.map { _ in 2 }
        }
    }

    private func crashed(_ plan: [Int]) -> SimulatedDisk {
        state.withLock { state in
            var next = 0
            func choose() -> Int {
                defer { next += 1 }
                return plan[next]
            }
            var result = State()
            result.nextInode = state.nextInode
            for id in state.inodes.keys.sorted() {
                result.inodes[id] = state.inodes[id]?.crashed(choose)
            }
            result.names = state.names.crashed(choose)
            return SimulatedDisk(result)
        }
    }
}

private func allPlans(_ counts: [Int]) -> [[Int]] {
    var plans: [[Int]] = [[]]
    for count in counts { plans = plans.flatMap { plan in (0..<count).map { plan + [$0] } } }
    return plans
}

private func somePlans(_ counts: [Int], _ limit: Int, _ seed: UInt64) -> [[Int]] {
    let none = counts.map { _ in 0 }
    let all = counts.map { $0 - 1 }
    var plans = [none, all]
    // Three plans for each part, and a third of the limit for random ones.
    let step = max(1, counts.count * 9 / (2 * max(limit, 1)))
    for index in counts.indices where counts[index] > 1 && index % step == 0 {
        var alone = none
        alone[index] = all[index]
        var missing = all
        missing[index] = 0
        plans += [alone, missing, Array(all[...index] + none[(index + 1)...])]
    }
    var random = SplitMix64(seed: seed)
    while plans.count < limit { plans.append(counts.map { Int(random.next() % UInt64($0)) }) }
    return Array(plans.prefix(limit))
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
