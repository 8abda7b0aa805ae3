import ZKWire

/// Numbers paths in the order in which they are first seen. A tree may have a million znodes at its
/// top, and a dictionary of them would take longer than reading the snapshot.
struct PathTable {
    private struct Entry {
        let start: Int
        let end: Int
        let hash: UInt64
    }

    /// All paths, one after the other.
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    /// An entry's number, -1 where there is none; at most half full. A power of two.
    private var slots = [Int32](repeating: -1, count: 64)

    var count: Int { entries.count }

    func path(_ index: Int) -> ArraySlice<UInt8> {
        bytes[entries[index].start..<entries[index].end]
    }

    /// The path's number, a new one if it is new.
    @inline(__always)
    mutating func index(of path: ByteView) -> Int {
        let hash = Self.hash(path)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if entries[index].hash == hash, isEqual(entries[index], path) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return insert(path, hash, at: slot)
    }

    /// Whether `left` comes before `right` in the order of their bytes.
    func isBefore(_ left: Int, _ right: Int) -> Bool {
        path(left).lexicographicallyPrecedes(path(right))
    }

    private func isEqual(_ entry: Entry, _ path: ByteView) -> Bool {
        bytes.withByteView { $0[view: entry.start..<entry.end].isEqual(to: path) }
    }

    private mutating func insert(_ path: ByteView, _ hash: UInt64, at slot: Int) -> Int {
        let start = bytes.count
        bytes.append(contentsOf: path)
        entries.append(Entry(start: start, end: bytes.count, hash: hash))
        slots[slot] = Int32(entries.count - 1)
        if entries.count * 2 > slots.count { grow() }
        return entries.count - 1
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for (index, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }

    /// Eight bytes a step, multiplied and folded.
    @inline(__always)
    private static func hash(_ path: ByteView) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: path.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset < path.count {
            var word: UInt64 = 0
            if offset + 8 <= path.count {
                word = path.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            } else {
                for byte in path[offset...] { word = word << 8 | UInt64(byte) }
            }
            let product = (hash ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
            hash = product.high ^ product.low &+ 0x9E37_79B9_7F4A_7C15
            offset += 8
        }
        return hash ^ hash >> 32
    }
}
