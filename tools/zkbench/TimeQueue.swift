/// Times, first in first out, in a ring that grows.
struct TimeQueue {
    private var ring = [UInt64](repeating: 0, count: 64)
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    @inline(__always)
    mutating func append(_ time: UInt64) {
        if count == ring.count { grow() }
        ring[(head &+ count) & (ring.count &- 1)] = time
        count &+= 1
    }

    @inline(__always)
    mutating func removeFirst() -> UInt64 {
        let time = ring[head]
        head = (head &+ 1) & (ring.count &- 1)
        count &-= 1
        return time
    }

    @inline(never)
    private mutating func grow() {
        let kept = (0..<count).map { ring[(head + $0) & (ring.count - 1)] }
        ring = kept + [UInt64](repeating: 0, count: count)
        head = 0
    }
}
