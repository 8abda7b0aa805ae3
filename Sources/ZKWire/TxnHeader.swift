/// What begins every transaction in a log, a PROPOSAL and a DIFF (jute `TxnHeader`, 32 bytes).
package struct TxnHeader: Equatable, Sendable {
    package var session: SessionID
    /// The client's xid for the request; 0 for the server's own.
    package var cxid: Int32
    package var zxid: Zxid
    /// Milliseconds since 1970 at the leader; becomes the ctime or mtime.
    package var time: Int64
    /// The kind, an `OpCode` raw value as it came.
    package var type: Int32

    package init(session: SessionID, cxid: Int32, zxid: Zxid, time: Int64, type: Int32) {
        self.session = session
        self.cxid = cxid
        self.zxid = zxid
        self.time = time
        self.type = type
    }

    package static let encodedSize = 32
}

extension JuteReader {
    @inline(__always)
    package mutating func readTxnHeader() throws(DecodeError) -> TxnHeader {
        TxnHeader(
            session: SessionID(rawValue: try readInt64()), cxid: try readInt32(),
            zxid: Zxid(rawValue: try readInt64()), time: try readInt64(), type: try readInt32())
    }
}

extension ByteWriter {
    @inline(__always)
    package func writeTxnHeader(_ header: borrowing TxnHeader) {
        writeInt64(header.session.rawValue)
        writeInt32(header.cxid)
        writeInt64(header.zxid.rawValue)
        writeInt64(header.time)
        writeInt32(header.type)
    }
}
