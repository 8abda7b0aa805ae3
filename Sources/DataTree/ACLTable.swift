import ZKWire

extension ACLID {
    /// `world:anyone:cdrwa`, which snapshots refer to as -1 without an entry in their table.
    package static let open = ACLID(rawValue: 0)
    /// Of a znode whose list a fuzzy snapshot did not contain: the log's replay brings it. Until
    /// then it lets nobody do anything.
    static let unresolved = ACLID(rawValue: 1)
}

/// The access control lists in use, each kept once.
///
/// An `ACLID` is an index here and may be given to another list after its last znode is gone. In
/// snapshots a list has a `streamID` instead, which is never reused, so that a znode that got a new
/// list while a fuzzy walk was under way cannot be taken for one with an old list.
// SAFETY: `encoded` of a live slot is memory that `release` frees; no view outlives a change.
struct ACLTable: ~Copyable {
    struct Slot {
        /// The jute `vector<ACL>`; nil in a free slot.
        var encoded: UnsafeMutableRawBufferPointer?
        var entries: [ACLEntry]
        /// What anybody may do.
        var openPermissions: Permissions
        var streamID: Int64
        var hash: UInt64
        /// Znodes that have it.
        var uses = 0

        var encodedInUse: ByteView? { uses > 0 ? encoded.map { ByteView($0) } : nil }
    }

    static let openStreamID: Int64 = -1
    static let unresolvedStreamID: Int64 = 0
    /// Lists without a znode are kept until there are this many, so that a lock's own list is not
    /// decoded anew with each znode.
    private static let unusedLimit = 1024

    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var index: [UInt64: [ACLID]] = [:]
    private var lastInterned = ACLID.open
    private var nextStreamID: Int64 = 1
    private var unusedCount = 0
    private let hasher: PathHasher

    init(hasher: PathHasher) {
        self.hasher = hasher
        let writer = ByteWriter()
        writer.writeACL(ACLEntry.openUnsafe)
        addPermanent(writer.view, streamID: ACLTable.openStreamID)
        writer.removeAll()
        writer.writeACL([ACLEntry(permissions: [], identity: .anyone)])
        addPermanent(writer.view, streamID: ACLTable.unresolvedStreamID)
        // Nothing may come to share the placeholder.
        index[slots[1].hash] = nil
    }

    deinit {
        for slot in slots { slot.encoded?.deallocate() }
    }

    var slotCount: Int { slots.count }

    @inline(__always)
    subscript(id: ACLID) -> Slot { slots[Int(id.rawValue)] }

    /// The id of an encoded list, new or known. The caller retains it.
    @inline(__always)
    mutating func intern(_ encoded: ByteView) -> ACLID {
        if let last = slots[Int(lastInterned.rawValue)].encoded,
            ByteView(last).isEqual(to: encoded)
        {
            return lastInterned
        }
        return find(encoded)
    }

    @inline(__always)
    mutating func retain(_ id: ACLID) {
        let slot = Int(id.rawValue)
        if slots[slot].uses == 0, slot > 1 { unusedCount -= 1 }
        slots[slot].uses &+= 1
    }

    @inline(__always)
    mutating func release(_ id: ACLID) {
        let slot = Int(id.rawValue)
        slots[slot].uses &-= 1
        if slots[slot].uses == 0, slot > 1 {
            unusedCount += 1
            if unusedCount > ACLTable.unusedLimit, unusedCount > slots.count / 2 { purge() }
        }
    }

    private mutating func find(_ encoded: ByteView) -> ACLID {
        let hash = hasher.hash(encoded)
        for id in index[hash] ?? [] {
            if let known = slots[Int(id.rawValue)].encoded, ByteView(known).isEqual(to: encoded) {
                lastInterned = id
                return id
            }
        }
        lastInterned = add(encoded, hash: hash, streamID: nextStreamID)
        nextStreamID += 1
        unusedCount += 1
        return lastInterned
    }

    private mutating func addPermanent(_ encoded: ByteView, streamID: Int64) {
        _ = add(encoded, hash: hasher.hash(encoded), streamID: streamID)
    }

    private mutating func add(_ encoded: ByteView, hash: UInt64, streamID: Int64) -> ACLID {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: encoded.count, alignment: 8)
        copy.copyMemory(from: encoded)
        let entries = ACLTable.decode(encoded)
        let slot = Slot(
            encoded: copy, entries: entries, openPermissions: ACLTable.openPermissions(entries),
            streamID: streamID, hash: hash)
        let id: ACLID
        if let free = freeSlots.popLast() {
            id = ACLID(rawValue: free)
            slots[Int(free)] = slot
        } else {
            id = ACLID(rawValue: UInt32(slots.count))
            slots.append(slot)
        }
        index[hash, default: []].append(id)
        return id
    }

    /// The views come from decoded records, so that they parse; one that does not lets nobody in.
    private static func decode(_ encoded: ByteView) -> [ACLEntry] {
        var reader = JuteReader(encoded)
        guard let entries = try? reader.readACL() else {
            return [ACLEntry(permissions: [], identity: .anyone)]
        }
        return entries
    }

    /// No entry at all means no restriction (Apache `ZooKeeperServer.checkACL`).
    private static func openPermissions(_ entries: [ACLEntry]) -> Permissions {
        if entries.isEmpty { return .all }
        return entries.reduce(into: Permissions()) { union, entry in
            if entry.identity == .anyone { union.formUnion(entry.permissions) }
        }
    }

    /// Gives back every list that no znode has. The work is paid for by the releases before it.
    private mutating func purge() {
        for slot in 2..<slots.count where slots[slot].uses == 0 {
            guard let encoded = slots[slot].encoded else { continue }
            let hash = slots[slot].hash
            let others = (index[hash] ?? []).filter { Int($0.rawValue) != slot }
            index[hash] = others.isEmpty ? nil : others
            encoded.deallocate()
            slots[slot].encoded = nil
            slots[slot].entries = []
            freeSlots.append(UInt32(slot))
        }
        unusedCount = 0
        lastInterned = .open
    }
}
