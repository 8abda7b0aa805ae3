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

    /// All subtrees, each with everything below it, the largest first.
    mutating func rows() -> [Row] {
        settle()
        var totals: [[UInt8]: Usage] = [:]
        for (part, usage) in parts {
            var ancestor = part[...]
            while true {
                totals[Array(ancestor), default: Usage()] += usage
                guard let slash = ancestor.lastIndex(of: UInt8(ascii: "/")) else { break }
                ancestor = ancestor[..<slash]
            }
        }
        return totals.map { part, usage in
            Row(path: part.isEmpty ? "/" : String(decoding: part, as: UTF8.self), usage: usage)
        }.sorted { ($1.usage.bytes, $0.path) < ($0.usage.bytes, $1.path) }
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
