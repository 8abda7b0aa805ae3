// Frames to clients: a length, a reply header (16 bytes) and the body.

extension ByteWriter {
    /// Leaves room for a frame's length; returns the place for `endFrame`.
    @inline(__always)
    package func beginFrame() -> Int {
        let start = count
        writeInt32(0)
        return start
    }

    @inline(__always)
    package func endFrame(_ start: Int) {
        setInt32(Int32(truncatingIfNeeded: count - start - 4), at: start)
    }

    /// Bytes of a frame's length and reply header together.
    package static let replyPrefixSize = 20

    @inline(__always)
    package func writeReplyHeader(xid: Int32, zxid: Zxid, error: Int32) {
        writeInt32(xid)
        writeInt64(zxid.rawValue)
        writeInt32(error)
    }

    /// A whole frame with a header and no body.
    package func writeEmptyReply(xid: Int32, zxid: Zxid, error: ErrorCode) {
        writeInt32(16)
        writeReplyHeader(xid: xid, zxid: zxid, error: error.rawValue)
    }

    /// A whole frame with a watch event (jute `WatcherEvent`). The header's zxid is -1, as Apache
    /// has it, except with `zxid`, which servers from 3.9 on put there.
    package func writeWatchEvent(_ event: EventType, path: ByteView, zxid: Zxid) {
        let start = beginFrame()
        writeReplyHeader(xid: SpecialXid.notification, zxid: zxid, error: 0)
        writeInt32(event.rawValue)
        writeInt32(KeeperState.syncConnected)
        writeBuffer(path)
        endFrame(start)
    }

    /// What precedes each result of a multi (jute `MultiHeader`).
    package func writeMultiHeader(type: Int32, isDone: Bool, error: Int32) {
        writeInt32(type)
        writeBool(isDone)
        writeInt32(error)
    }
}

/// The state of the client's connection that watch events carry (Apache `KeeperState`).
package enum KeeperState {
    package static let syncConnected: Int32 = 3
}
