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
        rise(heap.count - 1)
    }

    /// The next thing to do; time passes until then.
    mutating func takeNext() -> (() -> Void)? {
        guard let first = heap.first else { return nil }
        now = first.at
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink(0)
        freeSlots.append(first.slot)
        return actions[first.slot].take()
    }

    mutating func removeAll() {
        heap.removeAll()
        actions.removeAll()
        freeSlots.removeAll()
    }

    private mutating func rise(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].isBefore(heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            if 2 * index + 1 < heap.count, heap[2 * index + 1].isBefore(heap[least]) {
                least = 2 * index + 1
            }
            if 2 * index + 2 < heap.count, heap[2 * index + 2].isBefore(heap[least]) {
                least = 2 * index + 2
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
