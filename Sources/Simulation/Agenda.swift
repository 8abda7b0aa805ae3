/// What is going to happen, in the order of simulated time; at the same instant, in the order in which
/// it was planned. Nothing else decides what happens next.
struct Agenda {
    private struct Entry {
        let at: Int64
        let number: UInt64
        let action: () -> Void

        func isBefore(_ other: Entry) -> Bool {
            at == other.at ? number < other.number : at < other.at
        }
    }

    /// A binary heap: the next one is first.
    private var heap: [Entry] = []
    private var lastNumber: UInt64 = 0
    /// Simulated time since the run began.
    private(set) var now = Int64(0)

    var isEmpty: Bool { heap.isEmpty }
    var nextInstant: Int64? { heap.first?.at }

    mutating func plan(after delay: Span, _ action: @escaping () -> Void) {
        lastNumber += 1
        heap.append(
            Entry(at: now + max(delay.nanoseconds, 0), number: lastNumber, action: action))
        rise(heap.count - 1)
    }

    /// The next thing to do; time passes until then.
    mutating func takeNext() -> (() -> Void)? {
        guard let first = heap.first else { return nil }
        now = first.at
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink(0)
        return first.action
    }

    mutating func removeAll() { heap.removeAll() }

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
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
