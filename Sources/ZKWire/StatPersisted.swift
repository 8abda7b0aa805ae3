/// A znode's metadata as snapshots keep it (jute `StatPersisted`, 60 bytes encoded). Here `cversion`
/// counts creations of children only; clients see `2 * cversion - numChildren`.
package struct StatPersisted: Equatable, Sendable {
    package var czxid: Zxid
    package var mzxid: Zxid
    /// Milliseconds since 1970.
    package var ctime: Int64
    package var mtime: Int64
    package var version: Int32
    package var cversion: Int32
    package var aversion: Int32
    package var ephemeralOwner: Int64
    package var pzxid: Zxid

    package init(
        czxid: Zxid, mzxid: Zxid, ctime: Int64, mtime: Int64, version: Int32, cversion: Int32,
        aversion: Int32, ephemeralOwner: Int64, pzxid: Zxid
    ) {
        self.czxid = czxid
        self.mzxid = mzxid
        self.ctime = ctime
        self.mtime = mtime
        self.version = version
        self.cversion = cversion
        self.aversion = aversion
        self.ephemeralOwner = ephemeralOwner
        self.pzxid = pzxid
    }

    package static let encodedSize = 60
}

extension ByteWriter {
    package func writeStatPersisted(_ stat: borrowing StatPersisted) {
        writeInt64(stat.czxid.rawValue)
        writeInt64(stat.mzxid.rawValue)
        writeInt64(stat.ctime)
        writeInt64(stat.mtime)
        writeInt32(stat.version)
        writeInt32(stat.cversion)
        writeInt32(stat.aversion)
        writeInt64(stat.ephemeralOwner)
        writeInt64(stat.pzxid.rawValue)
    }
}

extension JuteReader {
    package mutating func readStatPersisted() throws(DecodeError) -> StatPersisted {
        StatPersisted(
            czxid: Zxid(rawValue: try readInt64()), mzxid: Zxid(rawValue: try readInt64()),
            ctime: try readInt64(), mtime: try readInt64(), version: try readInt32(),
            cversion: try readInt32(), aversion: try readInt32(), ephemeralOwner: try readInt64(),
            pzxid: Zxid(rawValue: try readInt64()))
    }
}
