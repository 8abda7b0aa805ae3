/// From a path's hash to the number of its newest change: open addressing, with the paths
/// themselves known to the caller.
///
/// Invariants: from the slot that a hash asks for to the one that holds its number, no slot is
/// empty; at most half of the slots are taken.
package struct NewestChange {
    private struct Slot {
        var hash: UInt64
        /// -1: empty.
        var number: Int

        static var empty: Slot { Slot(hash: 0, number: -1) }
        @inline(__always)
        var isEmpty: Bool { number < 0 }
    }

    private var slots = [Slot](repeating: .empty, count: 64)
    private var count = 0

    package init() {}

    package subscript(slot: Int) -> Int? { slots[slot].isEmpty ? nil : slots[slot].number }

    /// The slot with the number for which `isIt` says so, or the empty one where it would be.
    @inline(__always)
    package func slot(_ hash: UInt64, _ isIt: (Int) -> Bool) -> Int {
        var slot = home(hash)
        while !slots[slot].isEmpty {
            if slots[slot].hash == hash, isIt(slots[slot].number) { return slot }
            slot = next(slot)
        }
        return slot
    }

    /// Slots that were asked for before are other ones now.
    package mutating func set(_ slot: Int, _ hash: UInt64, _ number: Int) {
        if slots[slot].isEmpty { count += 1 }
        slots[slot] = Slot(hash: hash, number: number)
        if count * 2 > slots.count { grow() }
    }

    /// Empties a slot, and moves up what was behind it only because it was taken.
    package mutating func remove(_ slot: Int) {
        precondition(!slots[slot].isEmpty, "no change in slot \(slot)")
        count -= 1
        var hole = slot
        var probe = next(slot)
        while !slots[probe].isEmpty {
            if distance(home(slots[probe].hash), probe) >= distance(hole, probe) {
                slots[hole] = slots[probe]
                hole = probe
            }
            probe = next(probe)
        }
        slots[hole] = .empty
    }

    private mutating func grow() {
        let taken = slots.filter { !$0.isEmpty }
        slots = [Slot](repeating: .empty, count: slots.count * 2)
        for it in taken {
            var slot = home(it.hash)
            while !slots[slot].isEmpty { slot = next(slot) }
            slots[slot] = it
        }
    }

    @inline(__always)
    private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (slots.count - 1) }
    @inline(__always)
    private func next(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }
    private func distance(_ from: Int, _ to: Int) -> Int { (to - from) & (slots.count - 1) }
}
