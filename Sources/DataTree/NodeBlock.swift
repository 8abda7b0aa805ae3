import ZKWire

// How a znode lies in memory: one block of its own,
//
//     extension (48 bytes, few have one) | header (64 bytes) | name | data
//                                        ^ base
//
// so that a read touches one place, and what a lookup compares (the end of the header and the name)
// is mostly one cache line. The full path is nowhere: it is the names up to the root.

/// What every znode has.
struct NodeHeader {
    var czxid: Zxid
    var mzxid: Zxid
    var ctime: Int64
    var mtime: Int64
    var version: Int32
    var aversion: Int32
    var nextSibling: NodeRef
    var previousSibling: NodeRef
    var acl: ACLID
    /// -1 for null data.
    var dataLength: Int32
    var parent: NodeRef
    /// The name's length, and in the top bit whether there is an extension.
    var nameWord: UInt32
}

/// What only a znode has that had children or is owned by a session, a TTL or the container reaper.
/// Without it, `pzxid` is `czxid` and the rest is zero.
struct NodeExtension {
    var pzxid: Zxid
    var ephemeralOwner: Int64
    /// Children created so far; clients see `2 * cversion - childCount`.
    var cversion: Int32
    var childCount: UInt32
    /// The newest child: a new one goes first, behind the cursor of a walk that is among them.
    var firstChild: NodeRef
    /// Neighbours in the list of all znodes with the same kind of owner.
    var nextOwned: NodeRef
    var previousOwned: NodeRef

    init(czxid: Zxid) {
        pzxid = czxid
        ephemeralOwner = 0
        cversion = 0
        childCount = 0
        firstChild = .none
        nextOwned = .none
        previousOwned = .none
    }
}

/// The memory of one znode.
// SAFETY: `base` is a block that `NodeStore` allocated with the sizes that the header states; it is
// valid until the store frees or replaces it, so that nobody keeps a `NodeBlock` across a change.
struct NodeBlock {
    let base: UnsafeMutableRawPointer

    static let headerSize = 64
    /// 40, and 8 to keep the header aligned.
    static let extensionSize = 48
    private static let extendedBit: UInt32 = 1 << 31

    @inline(__always)
    init(base: UnsafeMutableRawPointer) { self.base = base }

    @inline(__always)
    var header: UnsafeMutablePointer<NodeHeader> {
        base.assumingMemoryBound(to: NodeHeader.self)
    }

    @inline(__always)
    var isExtended: Bool { header.pointee.nameWord & NodeBlock.extendedBit != 0 }

    /// Only where `isExtended`.
    @inline(__always)
    var extended: UnsafeMutablePointer<NodeExtension> {
        (base - NodeBlock.extensionSize).assumingMemoryBound(to: NodeExtension.self)
    }

    @inline(__always)
    var nameLength: Int { Int(header.pointee.nameWord & ~NodeBlock.extendedBit) }

    @inline(__always)
    var dataLength: Int { Int(max(header.pointee.dataLength, 0)) }

    @inline(__always)
    private var nameStart: UnsafeMutableRawPointer { base + NodeBlock.headerSize }

    @inline(__always)
    var name: ByteView { ByteView(start: nameStart, count: nameLength) }

    /// nil where the data is null.
    @inline(__always)
    var data: ByteView? {
        let length = Int(header.pointee.dataLength)
        guard length >= 0 else { return nil }
        return ByteView(start: nameStart + nameLength, count: length)
    }

    @inline(__always)
    var firstChild: NodeRef { isExtended ? extended.pointee.firstChild : .none }
    @inline(__always)
    var childCount: Int { isExtended ? Int(extended.pointee.childCount) : 0 }
    @inline(__always)
    var cversion: Int32 { isExtended ? extended.pointee.cversion : 0 }
    @inline(__always)
    var ephemeralOwner: Int64 { isExtended ? extended.pointee.ephemeralOwner : 0 }
    @inline(__always)
    var pzxid: Zxid { isExtended ? extended.pointee.pzxid : header.pointee.czxid }
}

extension NodeBlock {
    /// Bytes to ask `malloc` for. Sizes that share a chunk of the C library (16 bytes apart, less
    /// its 8 of bookkeeping) are one size, so that data that changes little stays in place.
    @inline(__always)
    static func size(isExtended: Bool, nameLength: Int, dataLength: Int) -> Int {
        let exact =
            headerSize + (isExtended ? extensionSize : 0) + nameLength + max(dataLength, 0)
        return ((exact + 23) & ~15) - 8
    }

    @inline(__always)
    var size: Int {
        NodeBlock.size(
            isExtended: isExtended, nameLength: nameLength,
            dataLength: Int(header.pointee.dataLength))
    }

    /// A block with its name and data filled in; of the header only the lengths are.
    static func allocate(isExtended: Bool, name: ByteView, data: ByteView?) -> NodeBlock {
        precondition(name.count < Int(extendedBit) && (data?.count ?? 0) <= Int(Int32.max))
        let dataLength = data?.count ?? -1
        let bytes = size(isExtended: isExtended, nameLength: name.count, dataLength: dataLength)
        let start = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
        let block = NodeBlock(base: start + (isExtended ? extensionSize : 0))
        block.header.pointee.nameWord = UInt32(name.count) | (isExtended ? extendedBit : 0)
        block.header.pointee.dataLength = Int32(dataLength)
        if let source = name.baseAddress {
            block.nameStart.copyMemory(from: source, byteCount: name.count)
        }
        block.fill(data)
        return block
    }

    func deallocate() { (isExtended ? base - NodeBlock.extensionSize : base).deallocate() }

    /// Writes `data` after the name; the block's size must fit it.
    @inline(__always)
    func fill(_ data: ByteView?) {
        header.pointee.dataLength = Int32(truncatingIfNeeded: data?.count ?? -1)
        guard let data, data.count > 0, let source = data.baseAddress else { return }
        (nameStart + nameLength).copyMemory(from: source, byteCount: data.count)
    }

    /// Takes over the fields of a block that this one replaces, all but the lengths.
    func takeFields(of other: NodeBlock) {
        let nameWord = header.pointee.nameWord
        let dataLength = header.pointee.dataLength
        header.pointee = other.header.pointee
        header.pointee.nameWord = nameWord
        header.pointee.dataLength = dataLength
        guard isExtended else { return }
        extended.initialize(
            to: other.isExtended
                ? other.extended.pointee : NodeExtension(czxid: other.header.pointee.czxid))
    }
}
