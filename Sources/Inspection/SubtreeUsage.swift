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
    /// By path, cut at `depth`; each with what is there and, at `depth`, below.
    private var parts: [[UInt8]: Usage] = [:]
    /// Most znodes are in the same part as the one before.
    private var current: [UInt8] = []
    private var pending = Usage()

    init(depth: Int) { self.depth = depth }

    @inline(__always)
    mutating func add(_ path: ByteView, dataBytes: Int) {
        let length = partLength(path)
        let part = path[view: 0..<length]
        let isSame = current.withByteView { $0.isEqual(to: part) }
        if !isSame {
            settle()
            current = [UInt8](part)
        }
        pending.znodeCount += 1
        pending.dataBytes += Int64(dataBytes)
        pending.pathBytes += Int64(max(path.count, 1))
    }

    /// How many subtrees there are, the root's included.
    private(set) var rowCount = 0

    /// The `limit` largest subtrees, each with everything below it, the largest first.
    mutating func rows(limit: Int = .max) -> [Row] {
        settle()
        var totals = parts
        for (part, usage) in parts {
            var ancestor = part[...]
            while let slash = ancestor.lastIndex(of: UInt8(ascii: "/")) {
                ancestor = ancestor[..<slash]
                totals[Array(ancestor), default: Usage()] += usage
            }
        }
        rowCount = totals.count
        return Self.largest(limit, of: totals).map { part, usage in
            Row(path: part.isEmpty ? "/" : String(decoding: part, as: UTF8.self), usage: usage)
        }
    }

    private typealias Total = (key: [UInt8], value: Usage)

    /// A tree may have a million znodes at the top, of which a few are shown: no need to sort all.
    private static func largest(_ limit: Int, of totals: [[UInt8]: Usage]) -> [Total] {
        if totals.count <= limit { return totals.sorted(by: isBefore) }
        var chosen: [Total] = []
        for total in totals {
            if chosen.count == limit, let last = chosen.last, !isBefore(total, last) { continue }
            let place = chosen.firstIndex { isBefore(total, $0) } ?? chosen.count
            chosen.insert(total, at: place)
            if chosen.count > limit { chosen.removeLast() }
        }
        return chosen
    }

    private static func isBefore(_ left: Total, _ right: Total) -> Bool {
        left.value.bytes == right.value.bytes
            ? left.key.lexicographicallyPrecedes(right.key) : left.value.bytes > right.value.bytes
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

    private mutating func settle() {
        guard pending.znodeCount > 0 else { return }
        parts[current, default: Usage()] += pending
        pending = Usage()
    }
}
