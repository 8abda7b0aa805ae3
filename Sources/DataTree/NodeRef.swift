/// The number of a znode in its tree: stable while the znode lives, reused after its deletion.
package struct NodeRef: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32

    @inline(__always)
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// No znode: the end of a list.
    static let none = NodeRef(rawValue: 0)
    /// "/", the first znode of every tree.
    package static let root = NodeRef(rawValue: 1)

    @inline(__always)
    var isNone: Bool { rawValue == 0 }

    package var description: String { "znode \(rawValue)" }
}
