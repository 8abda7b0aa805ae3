/// What is to happen, in order of time and then of planning.
struct Agenda {
    private struct Entry {
        let time: Int64
        let order: UInt64
        let body: () -> Void

        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    private var heap: [Entry] = []
    private var planned: UInt64 = 0

    mutating func plan(at time: Int64, _ body: @escaping () -> Void) {
        planned += 1
        heap.append(Entry(time: time, order: planned, body: body))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// The next thing, if it comes by `end`.
    mutating func takeNext(by end: Int64) -> (time: Int64, body: () -> Void)? {
        guard let first = heap.first, first.time <= end else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.time, first.body)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].precedes(heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
