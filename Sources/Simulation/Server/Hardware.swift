// What outlives a server's process: its disk and its clocks, and what may be wrong with them.

import Recovery
import ServerCore
import Storage
import ZKWire
import Zab

final class Hardware {
    static let directory = DataDirectory("/data")

    let run: Run
    let id: ServerID
    var chance: Chance
    /// The next one has the faults of this one behind it.
    var disk = SimulatedDisk() { didSet { isDiskInTrouble = false } }
    /// What its wall clock is ahead of the others'.
    var wallOffsetMilliseconds: Int64 = 0
    /// A disk in trouble takes so many times longer.
    var diskSlowness: Int64 = 1
    /// What it has begun while it was slow ends then.
    private(set) var slowUntil = Int64(0)
    /// Its operations may fail, by a fault that was planned.
    var isDiskInTrouble = false
    /// Something on the disk is not what was written, and has not been found and mended.
    var isDamaged = false
    /// Until then nobody may count on this machine to be quick.
    private(set) var troubledUntil = Int64(0)
    private let syncTime: ClosedRange<Span>
    /// How fast the monotonic clock runs, in hundredths of simulated time.
    private(set) var clockRate: Int64 = 100
    /// Simulated time, and what the clock showed then.
    private var clockSet = (at: Int64(0), shows: Int64(1_000_000_000))

    init(_ id: ServerID, _ run: Run, _ chance: Chance) {
        self.run = run
        self.id = id
        self.chance = chance
        syncTime = run.options.syncTime
    }

    var host: Host { Host(number: Int(id.rawValue)) }

    // MARK: Clocks

    var now: Now {
        Now(
            monotonic: Instant(nanoseconds: monotonic),
            wallMilliseconds: 1_700_000_000_000 + run.now / 1_000_000 + wallOffsetMilliseconds)
    }

    private var monotonic: Int64 { clockSet.shows + (run.now - clockSet.at) * clockRate / 100 }

    /// From now on the clock runs so fast: it never goes back.
    func setClockRate(_ rate: Int64) {
        clockSet = (run.now, monotonic)
        clockRate = rate
    }

    /// What a span of the machine's own clock is in simulated time.
    func simulated(_ span: Span) -> Span { Span(nanoseconds: span.nanoseconds * 100 / clockRate) }

    // MARK: The disk

    func diskTime(syncs: Int64, _ chance: inout Chance) -> Span {
        var total = Span.microseconds(chance.within(10...80))
        for _ in 0..<syncs { total = total + chance.span(syncTime) }
        total = total * diskSlowness
        if diskSlowness > 1 {
            expectTrouble(for: total)
            slowUntil = max(slowUntil, run.now + total.nanoseconds)
        }
        return total
    }

    func expectTrouble(for span: Span) {
        troubledUntil = max(troubledUntil, run.now + span.nanoseconds)
    }

    /// One of the next operations fails.
    func failDisk(within operations: Int) {
        isDiskInTrouble = true
        run.note(host, "has a disk that will fail")
        disk.failOperation(operations, with: 5)
    }

    func fillDisk(leaving bytes: Int) {
        isDiskInTrouble = true
        run.note(host, "has a full disk")
        guard let free = try? disk.freeSpaceBytes("/data") else { return }
        disk.capacityBytes = disk.capacityBytes - Int(free) + bytes
    }

    func repairDisk() { disk.capacityBytes = .max }
}
