import DataTree
import ZKWire
import Zab

/// What happened outside of the core. Bytes are lent for the call.
package enum Event {
    /// The shell is up, the log open, the ports are bound; comes once, before anything else.
    case started
    case connectionOpened(ConnectionID, address: PeerAddress)
    case bytesReceived(ConnectionID, ByteView)
    /// The socket is gone; nothing more can be sent.
    case connectionClosed(ConnectionID)
    /// The socket has room for more than was in the connection's output buffer.
    case outputDrained(ConnectionID)
    /// The connection's client has received more of what was sent to it.
    case outputReceived(ConnectionID)
    /// What concerns the ensemble and the log; of its own events `started` and `tick` come as those
    /// of the core.
    case zab(ZabEvent)
    /// Another state, loaded from the disk, takes the tree's place: comes right before the
    /// `.installed` or `.truncated` that it belongs to.
    case treeReplaced(DataTree)
    /// The loop has handled what was ready: proposals of this turn go out as one batch.
    case turnEnded
    /// Time passes, at least every 50 ms: sessions expire, containers are reaped, peers are heard
    /// of or not.
    case tick
    /// The snapshot that was due has begun; the next is due after so many transactions or bytes.
    case snapshotStarted(nextTxnCount: Int, nextTxnBytes: Int)
    /// All of the tree has gone into the snapshot, which has so many bytes before compression.
    case snapshotWalked(bytes: Int)
}

/// Where a client is, as `ip` ACLs and the four-letter words see it.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// Numeric, without brackets or zone.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
