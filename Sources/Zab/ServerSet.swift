import ZKWire

/// A set of servers by their ids, 0 to 255: four words, so that counting acknowledgements allocates
/// nothing.
package struct ServerSet: Equatable, Sendable {
    private var words = SIMD4<UInt64>(repeating: 0)

    package init() {}

    package init(_ servers: some Sequence<ServerID>) {
        for server in servers { insert(server) }
    }

    package mutating func insert(_ server: ServerID) {
        let (word, bit) = ServerSet.place(server)
        words[word] |= bit
    }

    package mutating func remove(_ server: ServerID) {
        let (word, bit) = ServerSet.place(server)
        words[word] &= ~bit
    }

    package func contains(_ server: ServerID) -> Bool {
        guard 0...255 ~= server.rawValue else { return false }
        let (word, bit) = ServerSet.place(server)
        return words[word] & bit != 0
    }

    package var count: Int {
        words[0].nonzeroBitCount + words[1].nonzeroBitCount + words[2].nonzeroBitCount
            + words[3].nonzeroBitCount
    }

    package var isEmpty: Bool { words == SIMD4(repeating: 0) }

    private static func place(_ server: ServerID) -> (word: Int, bit: UInt64) {
        precondition(0...255 ~= server.rawValue, "server id \(server) is not in 0...255")
        let id = Int(server.rawValue)
        return (id >> 6, 1 << UInt64(id & 63))
    }
}
