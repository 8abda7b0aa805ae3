import ZKWire

/// Znodes and bytes by subtree, down to a depth. The root is at depth 0, `/app` at 1.
struct SubtreeUsage {
    struct Usage: Equatable {
        var znodeCount = 0
        var dataBytes: Int64 = 0
        var pathBytes: Int64 = 0

        /// Of paths and values.
        var bytes: Int64 { dataBytes + pathBytes }

        static func += (left: inout Usage, right: Usage) {
            left.znodeCount += right.znodeCount
            left.dataBytes += right.dataBytes
            left.pathBytes += right.pathBytes
        }
    }

    struct Row: Equatable {
        let path: String
        let usage: Usage
    }

    private let depth: Int
    /// Paths cut at `depth`, and of each what is there and, at `depth`, below.
    private var parts = PathTable()
    private var usages: [Usage] = []

    init(depth: Int) { self.depth = depth }

    @inline(__always)
    mutating func add(_ path: ByteView, dataBytes: Int) {
        let part = index(of: path[view: 0..<partLength(path)])
        usages[part].znodeCount += 1
        usages[part].dataBytes += Int64(dataBytes)
        usages[part].pathBytes += Int64(max(path.count, 1))
    }

    @inline(__always)
    private mutating func index(of part: ByteView) -> Int {
        let index = parts.index(of: part)
        if index == usages.count { usages.append(Usage()) }
        return index
    }

    /// How many subtrees there are, the root's included.
    private(set) var rowCount = 0

    /// The `limit` largest subtrees, each with everything below it, the largest first.
    mutating func rows(limit: Int = .max) -> [Row] {
        let totals = totals()
        rowCount = totals.count
        return largest(limit, of: totals).map { index in
            let part = parts.path(index)
            return Row(
                path: part.isEmpty ? "/" : String(decoding: part, as: UTF8.self),
                usage: totals[index])
        }
    }

    /// By the parts' numbers; ancestors that had no znode themselves become parts.
    private mutating func totals() -> [Usage] {
        var totals = usages
        var ancestor: [UInt8] = []
        for part in usages.indices {
            ancestor.removeAll(keepingCapacity: true)
            ancestor.append(contentsOf: parts.path(part))
            while let slash = ancestor.lastIndex(of: UInt8(ascii: "/")) {
                ancestor.removeSubrange(slash...)
                let index = ancestor.withByteView { self.index(of: $0) }
                if index == totals.count { totals.append(Usage()) }
                totals[index] += usages[part]
            }
        }
        return totals
    }

    /// A tree may have a million znodes at the top, of which a few are shown: no need to sort all.
    private func largest(_ limit: Int, of totals: [Usage]) -> [Int] {
        func isBefore(_ left: Int, _ right: Int) -> Bool {
            totals[left].bytes == totals[right].bytes
                ? parts.isBefore(left, right) : totals[left].bytes > totals[right].bytes
        }
        if totals.count <= limit { return totals.indices.sorted(by: isBefore) }
        var chosen: [Int] = []
        for index in totals.indices {
            if chosen.count == limit, let last = chosen.last, !isBefore(index, last) { continue }
            let place = chosen.firstIndex { isBefore(index, $0) } ?? chosen.count
            chosen.insert(index, at: place)
            if chosen.count > limit { chosen.removeLast() }
        }
        return chosen
    }

    @inline(__always)
    private func partLength(_ path: ByteView) -> Int {
        var slashes = 0
        for index in 0..<path.count where path[index] == UInt8(ascii: "/") {
            if slashes == depth { return index }
            slashes += 1
        }
        return path.count
    }
}
