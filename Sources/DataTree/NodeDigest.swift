import ZKWire

/// What a znode adds to its tree's digest (Apache `DigestCalculator`, version 2): the CRC-32 of its
/// path, its data and the 60 bytes of its stat. In two steps, since most changes leave the path and
/// the data as they are, and these may be long.
package struct NodeDigest: Sendable {
    /// The version that transactions and snapshots state with a digest of this kind.
    package static let version: Int32 = 2

    private let checksum = NodeChecksum()

    package init() {}

    /// What lies below `/zookeeper` is no part of a tree's digest.
    @inline(__always)
    package static func covers(_ path: ByteView) -> Bool {
        path.count <= excluded.utf8CodeUnitCount || path[1] != UInt8(ascii: "z")
            || !path[view: 0..<excluded.utf8CodeUnitCount].isEqual(
                to: ByteView(
                    start: excluded.utf8Start, count: excluded.utf8CodeUnitCount))
    }

    private static var excluded: StaticString { "/zookeeper/" }

    /// The checksum's state after path and data. The root's path is empty here.
    @inline(__always)
    package func content(path: ByteView, data: ByteView?) -> UInt32 {
        var state = NodeChecksum.start
        if path.count > 1 { state = checksum.update(state, path) }
        if let data { state = checksum.update(state, data) }
        return state
    }

    /// What a znode with this content and this stat adds.
    @inline(__always)
    package func value(content: UInt32, _ stat: StatPersisted) -> UInt32 {
        var state = content
        state = checksum.update(state, stat.czxid.rawValue)
        state = checksum.update(state, stat.mzxid.rawValue)
        state = checksum.update(state, stat.pzxid.rawValue)
        state = checksum.update(state, stat.ctime)
        state = checksum.update(state, stat.mtime)
        state = checksum.update(state, stat.version)
        state = checksum.update(state, stat.cversion)
        state = checksum.update(state, stat.aversion)
        state = checksum.update(state, stat.ephemeralOwner)
        return checksum.value(state)
    }
}
