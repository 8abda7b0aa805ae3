/// What is going to happen, in the order of simulated time; at the same instant, in the order in which
/// it was planned. Nothing else decides what happens next.
struct Agenda {
    /// Without the action, so that the heap moves plain numbers.
    private struct Entry {
        let at: Int64
        let number: UInt64
        let slot: Int

        func isBefore(_ other: Entry) -> Bool {
            at == other.at ? number < other.number : at < other.at
        }
    }

    /// A binary heap: the next one is first.
    private var heap: [Entry] = []
    private var actions: [(() -> Void)?] = []
    private var freeSlots: [Int] = []
    private var lastNumber: UInt64 = 0
    /// Simulated time since the run began.
    private(set) var now = Int64(0)

    var nextInstant: Int64? { heap.first?.at }

    mutating func plan(after delay: Span, _ action: @escaping () -> Void) {
        lastNumber += 1
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            actions[free] = action
        } else {
            slot = actions.count
            actions.append(action)
        }
        heap.append(Entry(at: now + max(delay.nanoseconds, 0), number: lastNumber, slot: slot))
        rise()
    }

    /// The next thing to do; time passes until then.
    mutating func takeNext() -> (() -> Void)? {
        guard let first = heap.first else { return nil }
        now = first.at
        let last = heap.removeLast()
        if !heap.isEmpty { sink(last) }
        freeSlots.append(first.slot)
        return actions[first.slot].take()
    }

    mutating func removeAll() {
        heap.removeAll()
        actions.removeAll()
        freeSlots.removeAll()
    }

    /// Finds the place of what has come in at the end.
    private mutating func rise() {
        var hole = heap.count - 1
        let entry = heap[hole]
        while hole > 0 {
            let parent = (hole - 1) / 2
            guard entry.isBefore(heap[parent]) else { break }
            heap[hole] = heap[parent]
            hole = parent
        }
        heap[hole] = entry
    }

    /// Finds the place of what was the last, now that the first has gone.
    private mutating func sink(_ entry: Entry) {
        var hole = 0
        while 2 * hole + 1 < heap.count {
            var child = 2 * hole + 1
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(entry) else { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = entry
    }
}
