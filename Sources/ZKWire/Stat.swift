/// What a client sees of a znode's metadata (jute `Stat`, 68 bytes encoded).
package struct Stat: Equatable, Sendable {
    package var czxid: Zxid
    package var mzxid: Zxid
    /// Milliseconds since 1970, by the clock of the leader that proposed the change.
    package var ctime: Int64
    package var mtime: Int64
    package var version: Int32
    /// Changes to the children: creations and deletions both counted.
    package var cversion: Int32
    package var aversion: Int32
    package var ephemeralOwner: Int64
    package var dataLength: Int32
    package var numChildren: Int32
    package var pzxid: Zxid

    package init(
        czxid: Zxid, mzxid: Zxid, ctime: Int64, mtime: Int64, version: Int32, cversion: Int32,
        aversion: Int32, ephemeralOwner: Int64, dataLength: Int32, numChildren: Int32, pzxid: Zxid
    ) {
        self.czxid = czxid
        self.mzxid = mzxid
        self.ctime = ctime
        self.mtime = mtime
        self.version = version
        self.cversion = cversion
        self.aversion = aversion
        self.ephemeralOwner = ephemeralOwner
        self.dataLength = dataLength
        self.numChildren = numChildren
        self.pzxid = pzxid
    }

    /// Bytes of an encoded `Stat`.
    package static let encodedSize = 68
}

extension ByteWriter {
    @inline(__always)
    package func writeStat(_ stat: borrowing Stat) {
        // SAFETY: 68 bytes reserved, each store within them.
        let place = extend(by: Stat.encodedSize)
        place.storeBytes(of: stat.czxid.rawValue.bigEndian, toByteOffset: 0, as: Int64.self)
        place.storeBytes(of: stat.mzxid.rawValue.bigEndian, toByteOffset: 8, as: Int64.self)
        place.storeBytes(of: stat.ctime.bigEndian, toByteOffset: 16, as: Int64.self)
        place.storeBytes(of: stat.mtime.bigEndian, toByteOffset: 24, as: Int64.self)
        place.storeBytes(of: stat.version.bigEndian, toByteOffset: 32, as: Int32.self)
        place.storeBytes(of: stat.cversion.bigEndian, toByteOffset: 36, as: Int32.self)
        place.storeBytes(of: stat.aversion.bigEndian, toByteOffset: 40, as: Int32.self)
        place.storeBytes(of: stat.ephemeralOwner.bigEndian, toByteOffset: 44, as: Int64.self)
        place.storeBytes(of: stat.dataLength.bigEndian, toByteOffset: 52, as: Int32.self)
        place.storeBytes(of: stat.numChildren.bigEndian, toByteOffset: 56, as: Int32.self)
        place.storeBytes(of: stat.pzxid.rawValue.bigEndian, toByteOffset: 60, as: Int64.self)
    }
}

extension JuteReader {
    package mutating func readStat() throws(DecodeError) -> Stat {
        Stat(
            czxid: Zxid(rawValue: try readInt64()), mzxid: Zxid(rawValue: try readInt64()),
            ctime: try readInt64(), mtime: try readInt64(), version: try readInt32(),
            cversion: try readInt32(), aversion: try readInt32(), ephemeralOwner: try readInt64(),
            dataLength: try readInt32(), numChildren: try readInt32(),
            pzxid: Zxid(rawValue: try readInt64()))
    }
}
