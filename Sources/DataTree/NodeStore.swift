import ZKWire

/// What leads from a znode's number to its memory, and from a bucket of the path index to the next
/// znode in it: 16 bytes, dense, so that a lookup that misses seldom touches a znode's own memory.
struct NodeEntry {
    /// nil in a free entry.
    var block: UnsafeMutableRawPointer?
    /// The next in the bucket; in a free entry, the next free one.
    var next: NodeRef
    /// The low 32 bits of the path's hash.
    var hash: UInt32
}

/// All znodes of a tree by number. Entries live in slabs that never move.
///
/// Invariants: number 0 is nobody's; an entry is either live (its block is its own) or on the free
/// list (its number will be given out again).
// SAFETY: slabs and blocks are freed in `deinit` or `free` only; `used` bounds every index.
struct NodeStore: ~Copyable {
    private static let slabBits: UInt32 = 12
    private static let slabSize = 1 << Int(slabBits)
    private static let slabMask = UInt32(slabSize - 1)
    /// So that the path index, with four buckets for three znodes, counts its buckets in 32 bits.
    private static let limit: UInt32 = 3 << 30

    private var slabs: UnsafeMutablePointer<UnsafeMutablePointer<NodeEntry>>
    private var slabCount = 0
    private var slabCapacity = 64
    private var freeList = NodeRef.none
    /// Numbers below this have been given out at least once.
    private var used: UInt32 = 0
    private(set) var liveCount = 0

    init() {
        slabs = .allocate(capacity: slabCapacity)
        addSlab()
        used = 1
    }

    deinit {
        for number in 1..<used {
            guard let base = entry(NodeRef(rawValue: number)).pointee.block else { continue }
            NodeBlock(base: base).deallocate()
        }
        for slab in 0..<slabCount { slabs[slab].deallocate() }
        slabs.deallocate()
    }

    @inline(__always)
    func entry(_ ref: NodeRef) -> UnsafeMutablePointer<NodeEntry> {
        slabs[Int(ref.rawValue >> NodeStore.slabBits)]
            + Int(ref.rawValue & NodeStore.slabMask)
    }

    @inline(__always)
    func block(_ ref: NodeRef) -> NodeBlock {
        NodeBlock(base: entry(ref).pointee.block.unsafelyUnwrapped)
    }

    /// Gives `block` a number. The caller fills its header.
    mutating func add(_ block: NodeBlock, hash: UInt32) -> NodeRef {
        let ref: NodeRef
        if freeList.isNone {
            precondition(used < NodeStore.limit, "DataTree: \(used) znodes, no number is left")
            ref = NodeRef(rawValue: used)
            used += 1
            if Int(ref.rawValue >> NodeStore.slabBits) == slabCount { addSlab() }
        } else {
            ref = freeList
            freeList = entry(ref).pointee.next
        }
        entry(ref).initialize(to: NodeEntry(block: block.base, next: .none, hash: hash))
        liveCount += 1
        return ref
    }

    /// Gives back a znode's memory and number.
    mutating func free(_ ref: NodeRef) {
        block(ref).deallocate()
        let place = entry(ref)
        place.pointee.block = nil
        place.pointee.next = freeList
        freeList = ref
        liveCount -= 1
    }

    /// Replaces a znode's data, in place where the block's size allows.
    @inline(__always)
    func setData(_ ref: NodeRef, _ data: ByteView?) {
        let old = block(ref)
        let size = NodeBlock.size(
            isExtended: old.isExtended, nameLength: old.nameLength, dataLength: data?.count ?? -1)
        if size == old.size {
            old.fill(data)
        } else {
            replace(ref, isExtended: old.isExtended, data: data)
        }
    }

    /// The znode's block, with an extension from now on.
    @inline(__always)
    func extendedBlock(_ ref: NodeRef) -> NodeBlock {
        let old = block(ref)
        if old.isExtended { return old }
        replace(ref, isExtended: true, data: old.data)
        return block(ref)
    }

    @inline(never)
    private func replace(_ ref: NodeRef, isExtended: Bool, data: ByteView?) {
        let old = block(ref)
        let new = NodeBlock.allocate(isExtended: isExtended, name: old.name, data: data)
        new.takeFields(of: old)
        entry(ref).pointee.block = new.base
        old.deallocate()
    }

    private mutating func addSlab() {
        if slabCount == slabCapacity {
            let wider = UnsafeMutablePointer<UnsafeMutablePointer<NodeEntry>>.allocate(
                capacity: slabCapacity * 2)
            wider.initialize(from: slabs, count: slabCount)
            slabs.deallocate()
            slabs = wider
            slabCapacity *= 2
        }
        (slabs + slabCount).initialize(to: .allocate(capacity: NodeStore.slabSize))
        slabCount += 1
    }
}
