/// The digest of a tree, kept up with each change: the sum of what its znodes add.
///
/// Invariant: while it is kept, `value` is the sum over all covered znodes, and `contents` has the
/// checksum's state after each one's path and data.
// SAFETY: slabs are freed in `deinit` only; a slab is there for every number below `capacity`.
struct TreeDigest: ~Copyable {
    private static let slabBits: UInt32 = 12
    private static let slabSize = 1 << Int(slabBits)
    private static let slabMask = UInt32(slabSize - 1)

    let node = NodeDigest()
    /// False: nobody asked for it, and nothing here is up to date.
    var isKept = false
    private(set) var value: UInt64 = 0
    /// Four bytes for each znode number, beside the znodes, whose headers are full.
    private var slabs: [UnsafeMutablePointer<UInt32>] = []

    deinit {
        for slab in slabs { slab.deallocate() }
    }

    @inline(__always)
    func content(of ref: NodeRef) -> UInt32 {
        slabs[Int(ref.rawValue >> TreeDigest.slabBits)][Int(ref.rawValue & TreeDigest.slabMask)]
    }

    @inline(__always)
    mutating func setContent(of ref: NodeRef, _ content: UInt32) {
        let slab = Int(ref.rawValue >> TreeDigest.slabBits)
        while slab >= slabs.count { slabs.append(.allocate(capacity: TreeDigest.slabSize)) }
        slabs[slab][Int(ref.rawValue & TreeDigest.slabMask)] = content
    }

    @inline(__always)
    mutating func add(_ digest: UInt32) { value &+= UInt64(digest) }

    @inline(__always)
    mutating func subtract(_ digest: UInt32) { value &-= UInt64(digest) }

    mutating func clear() { value = 0 }
}
