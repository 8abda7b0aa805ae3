// One simulated file: what reads see, what the medium has, and what lies between.

/// A file's bytes, in the page cache and on the medium, apart from its names.
struct SimulatedInode {
    static let sectorBytes = 512
    /// Versions of an unsynced sector that are remembered; any of them may be what survives.
    private static let maximumVersions = 4

    /// What reads see.
    private(set) var cached: [UInt8] = []
    /// What the medium has.
    private(set) var durable: [UInt8] = []
    /// The sectors written since the last sync, each with what it held after those writes.
    private var unsynced: [Int: [[UInt8]]] = [:]
    private var isSizeUnsynced = false
    /// Reads see something that no sync brings to the medium any more.
    private var hasLostWrites = false
    /// The smallest size the file was cut to since the last sync.
    private var unsyncedCut: Int?

    var isClean: Bool { unsynced.isEmpty && !isSizeUnsynced }

    // MARK: what the process does

    mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard bytes.count > 0 else { return }
        let end = offset + bytes.count
        if end > cached.count { resize(to: end) }
        cached.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: bytes)
        }
        for sector in (offset / Self.sectorBytes)...((end - 1) / Self.sectorBytes) {
            remember(sector)
        }
    }

    mutating func resize(to size: Int) {
        if size < cached.count {
            cached.removeLast(cached.count - size)
            unsyncedCut = min(unsyncedCut ?? size, size)
            unsynced = unsynced.filter { $0.key * Self.sectorBytes < size }
        } else {
            cached.append(contentsOf: repeatElement(0, count: size - cached.count))
        }
        isSizeUnsynced = true
    }

    mutating func sync() {
        if hasLostWrites {
            durable = settled(size: cached.count) { versions in versions.count }
        } else if isSizeUnsynced {
            durable = cached
        } else {
            for sector in unsynced.keys { settle(sector) }
        }
        markClean()
    }

    /// The medium has what reads see of one sector; both are of the same size.
    private mutating func settle(_ sector: Int) {
        let start = sector * Self.sectorBytes
        let end = min(start + Self.sectorBytes, cached.count)
        guard start < end else { return }
        durable.withUnsafeMutableBytes { durable in
            cached.withUnsafeBytes { cached in
                UnsafeMutableRawBufferPointer(rebasing: durable[start..<end])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: cached[start..<end]))
            }
        }
    }

    /// A sync that fails: part of what was in flight arrived, and the rest is forgotten, since the
    /// pages are marked clean (Rebello et al., USENIX ATC 2020). Reads still see it.
    mutating func failSync() {
        var isEven = false
        hasLostWrites = true
        durable = settled(size: isSizeUnsynced ? durable.count : cached.count) { versions in
            isEven.toggle()
            return isEven ? versions.count : 0
        }
        markClean()
    }

    private mutating func remember(_ sector: Int) {
        let start = sector * Self.sectorBytes
        let content = Array(cached[start..<min(start + Self.sectorBytes, cached.count)])
        Self.remember(content, &unsynced[sector, default: []])
    }

    private static func remember(_ content: [UInt8], _ versions: inout [[UInt8]]) {
        if versions.count == maximumVersions { versions.remove(at: 1) }
        versions.append(content)
    }

    private mutating func markClean() {
        unsynced.removeAll(keepingCapacity: true)
        isSizeUnsynced = false
        unsyncedCut = nil
    }

    // MARK: what a crash leaves

    /// How many states each independent part of the file may be found in: its size, then each
    /// unsynced sector.
    var choices: [Int] {
        [sizeOptions.count] + unsynced.keys.sorted().map { (unsynced[$0]?.count ?? 0) + 1 }
    }

    /// The file as one crash leaves it; `choose` is asked once for each of `choices`, in order.
    func crashed(_ choose: () -> Int) -> SimulatedInode {
        let size = sizeOptions[choose()]
        var result = SimulatedInode()
        result.durable = settled(size: size) { _ in choose() }
        result.cached = result.durable
        return result
    }

    private var sizeOptions: [Int] {
        guard isSizeUnsynced else { return [durable.count] }
        var options = [durable.count]
        for size in [unsyncedCut, cached.count].compactMap({ $0 }) where !options.contains(size) {
            options.append(size)
        }
        return options
    }

    /// The medium with some of the unsynced sectors: version `choose(versions)`, 0 for none.
    private func settled(size: Int, _ choose: ([[UInt8]]) -> Int) -> [UInt8] {
        var content = durable
        if let unsyncedCut, size != durable.count, unsyncedCut < content.count {
            content.removeLast(content.count - unsyncedCut)
        }
        if size < content.count {
            content.removeLast(content.count - size)
        } else {
            content.append(contentsOf: repeatElement(0, count: size - content.count))
        }
        for sector in unsynced.keys.sorted() {
            guard let versions = unsynced[sector] else { continue }
            let version = choose(versions)
            let start = sector * Self.sectorBytes
            guard version > 0, start < content.count else { continue }
            let bytes = versions[version - 1].prefix(content.count - start)
            content.replaceSubrange(start..<(start + bytes.count), with: bytes)
        }
        return content
    }

    // MARK: damage

    /// Changes what the medium has and what reads see.
    mutating func damage(_ range: Range<Int>, _ change: (inout UInt8) -> Void) {
        for offset in range {
            if offset < cached.count { change(&cached[offset]) }
            if offset < durable.count { change(&durable[offset]) }
        }
    }
}
