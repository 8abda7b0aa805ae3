import Recovery
import Storage
import Testing
import TxnLog
import ZKWire

/// A sequence of steps that have to be durable one after the other, on one disk.
struct CrashPoints<Facts> {
    /// States that are tried for each call of the disk: all there are, or so many.
    static var statesPerCall: Int { 64 }

    /// What is there before.
    let base: SimulatedDisk
    /// What has been said to be durable so far is noted as it happens.
    let act: (SimulatedDisk, inout Facts) throws -> Void
    /// - Returns: what is wrong with what a start found.
    let check: (RecoveredState<SimulatedDisk>, Facts) throws -> String?

    /// Fails the power at every call of the disk that `act` makes, starts from every state that may
    /// be left, and of some of those again after a power failure within the start.
    func enumerate(_ nothing: Facts) throws -> (calls: Int, states: Int) {
        var random = SplitMix(seed: 5)
        var (call, states) = (0, 0)
        while true {
            call += 1
            let disk = base.afterKill()
            disk.cutPower(at: call)
            var facts = nothing
            let isWhole = (try? act(disk, &facts)) != nil
            for left in disk.crashStates(limit: Self.statesPerCall, seed: UInt64(call)) {
                states += 1
                if random.chance(12) {
                    let again = left.afterKill()
                    again.cutPower(at: 1 + random.below(40))
                    _ = try? Start.load(again)
                    try expect(again.crash(seed: random.next()), facts, "call \(call), nested")
                }
                try expect(left, facts, "call \(call)")
            }
            if isWhole { return (call, states) }
        }
    }

    private func expect(_ disk: SimulatedDisk, _ facts: Facts, _ place: String) throws {
        do {
            let complaint = try check(try Start.load(disk, seed: 9), facts)
            try #require(complaint == nil, "\(place), after \(facts): \(complaint ?? "")")
        } catch let error as RecoveryError {
            try #require(Bool(false), "\(place), after \(facts): \(error)")
        }
    }
}

extension RecoveredState {
    /// The transactions of the log, which step by one within an epoch (P-16).
    func contiguityComplaint() throws -> String? {
        var last = log.startsAfter
        var complaint: String?
        try log.replay(after: log.startsAfter) { zxid, _ in
            let isNext = zxid == last.next && zxid.epoch == last.epoch
            if !isNext, !(zxid.epoch > last.epoch && zxid.counter == 1) {
                complaint = complaint ?? "P-16: \(zxid) after \(last)"
            }
            last = zxid
        }
        return complaint ?? (last == log.lastZxid ? nil : "P-16: ends at \(last)")
    }
}
