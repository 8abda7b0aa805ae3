// The one record of the quorum port (jute `QuorumPacket`). Packets follow each other without a
// length before them.

/// A packet as it lies in the bytes that it was decoded from; the views are valid as long as those.
package struct QuorumPacket {
    /// A `QuorumPacketType` raw value, as it came.
    package var rawType: Int32
    package var zxid: Zxid
    /// nil is jute's null buffer, kept apart from an empty one.
    package var data: ByteView?
    /// Who the client of a REQUEST is; null in all other packets.
    package var authInfo: IdentityList?

    package init(
        rawType: Int32, zxid: Zxid, data: ByteView? = nil, authInfo: IdentityList? = nil
    ) {
        self.rawType = rawType
        self.zxid = zxid
        self.data = data
        self.authInfo = authInfo
    }

    /// nil if it is none that we know.
    package var type: QuorumPacketType? { QuorumPacketType(rawValue: rawType) }

    /// The size of a packet without data and authinfo: type, zxid and two lengths.
    package static let bareSize = 20
    /// Where the data begins.
    static let dataOffset = 16
}

extension JuteReader {
    package mutating func readQuorumPacket() throws(DecodeError) -> QuorumPacket {
        QuorumPacket(
            rawType: try readInt32(), zxid: Zxid(rawValue: try readInt64()),
            data: try readNullableBuffer(), authInfo: try readIdentityList())
    }
}

extension ByteWriter {
    package func writeQuorumPacket(_ packet: QuorumPacket) {
        writeInt32(packet.rawType)
        writeInt64(packet.zxid.rawValue)
        writeNullableBuffer(packet.data)
        writeIdentityList(packet.authInfo)
    }
}
