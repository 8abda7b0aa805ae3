/// From a path's hash to the znodes that have it: linear hashing (Litwin, VLDB 1980) with the
/// chains kept in the store's entries. It grows by one bucket at a time, so that no insertion ever
/// pays for a rehash and no second table is needed while it grows. It does not shrink.
///
/// Invariants: the znode with hash `h` is in bucket `bucket(of: h)`; there are
/// `mask + 1 + split` buckets; at most three znodes for four buckets, on average.
// SAFETY: segments are freed in `deinit` only; a bucket number below the bucket count lies in one.
struct PathIndex: ~Copyable {
    private static let segmentBits: UInt32 = 12
    private static let segmentSize = 1 << Int(segmentBits)
    private static let segmentMask = UInt32(segmentSize - 1)

    private var segments: UnsafeMutablePointer<UnsafeMutablePointer<NodeRef>>
    private var segmentCount = 0
    private var segmentCapacity = 64
    /// The number of buckets when the present round of splits began, less one; a power of two less
    /// one.
    private var mask = segmentMask
    /// Buckets below this have been split in the present round.
    private var split: UInt32 = 0
    private var count = 0

    init() {
        segments = .allocate(capacity: segmentCapacity)
        addSegment()
    }

    deinit {
        for segment in 0..<segmentCount { segments[segment].deallocate() }
        segments.deallocate()
    }

    private var bucketCount: Int { Int(mask) + 1 + Int(split) }

    /// The first znode in the bucket of `hash`; the next ones follow by `NodeEntry.next`.
    @inline(__always)
    func first(_ hash: UInt32) -> NodeRef { place(bucket(of: hash)).pointee }

    mutating func insert(_ ref: NodeRef, into store: borrowing NodeStore) {
        let entry = store.entry(ref)
        let head = place(bucket(of: entry.pointee.hash))
        entry.pointee.next = head.pointee
        head.pointee = ref
        count += 1
        while count * 4 > bucketCount * 3 { splitNext(store) }
    }

    mutating func remove(_ ref: NodeRef, from store: borrowing NodeStore) {
        let entry = store.entry(ref)
        var link = place(bucket(of: entry.pointee.hash))
        while link.pointee != ref {
            precondition(!link.pointee.isNone, "DataTree: \(ref) is not in the path index")
            link = store.nextLink(link.pointee)
        }
        link.pointee = entry.pointee.next
        count -= 1
    }

    @inline(__always)
    private func bucket(of hash: UInt32) -> UInt32 {
        let narrow = hash & mask
        return narrow < split ? hash & (mask << 1 | 1) : narrow
    }

    @inline(__always)
    private func place(_ bucket: UInt32) -> UnsafeMutablePointer<NodeRef> {
        segments[Int(bucket >> PathIndex.segmentBits)] + Int(bucket & PathIndex.segmentMask)
    }

    /// Moves half of one bucket to a new one.
    private mutating func splitNext(_ store: borrowing NodeStore) {
        if bucketCount >> Int(PathIndex.segmentBits) == segmentCount { addSegment() }
        let low = place(split)
        let high = place(split + mask + 1)
        var ref = low.pointee
        low.pointee = .none
        while !ref.isNone {
            let entry = store.entry(ref)
            let next = entry.pointee.next
            let target = entry.pointee.hash & (mask + 1) == 0 ? low : high
            entry.pointee.next = target.pointee
            target.pointee = ref
            ref = next
        }
        split += 1
        if split == mask + 1 {
            mask = mask << 1 | 1
            split = 0
        }
    }

    private mutating func addSegment() {
        if segmentCount == segmentCapacity {
            let wider = UnsafeMutablePointer<UnsafeMutablePointer<NodeRef>>.allocate(
                capacity: segmentCapacity * 2)
            wider.initialize(from: segments, count: segmentCount)
            segments.deallocate()
            segments = wider
            segmentCapacity *= 2
        }
        let segment = UnsafeMutablePointer<NodeRef>.allocate(capacity: PathIndex.segmentSize)
        segment.initialize(repeating: .none, count: PathIndex.segmentSize)
        (segments + segmentCount).initialize(to: segment)
        segmentCount += 1
    }
}

extension NodeStore {
    /// Where the link to the znode after `ref` in its bucket is kept.
    func nextLink(_ ref: NodeRef) -> UnsafeMutablePointer<NodeRef> {
        // SAFETY: `next` lies in the entry, which does not move.
        UnsafeMutableRawPointer(entry(ref))
            .advanced(by: MemoryLayout<NodeEntry>.offset(of: \.next).unsafelyUnwrapped)
            .assumingMemoryBound(to: NodeRef.self)
    }
}
