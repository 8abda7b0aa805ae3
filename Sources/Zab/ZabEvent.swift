import ZKWire

/// What happened outside of the protocol. Bytes are lent for the call.
package enum ZabEvent {
    /// The log is open, the ports are bound; comes once, before anything else.
    case started
    /// Time passes: comes at least every 50 ms (retries, liveness, heartbeats).
    case tick

    // MARK: The election port

    case notification(Notification)
    /// A connection to this server stands or is gone. Down is said too when an attempt to connect
    /// was refused.
    case electionLink(ServerID, isUp: Bool)

    // MARK: The quorum port

    /// Somebody connected to this server's quorum port.
    case learnerArrived(LinkID)
    /// The connection that `ZabEffects.connect` asked for stands.
    case leaderReached(LinkID)
    /// It could not be made.
    case leaderUnreachable(ServerID)
    case packet(LinkID, QuorumPacket)
    /// Bytes of a snapshot arrived, or the other side has taken some of what waits for it: no packet
    /// but a sign of life.
    case progress(LinkID)
    case linkClosed(LinkID)
    /// What was in the link's output has been taken by the socket.
    case linkDrained(LinkID)

    // MARK: The disk

    /// The log has everything up to this zxid on stable storage.
    case appended(upTo: Zxid)
    case epochsWritten(Epochs)
    /// The log ends here now. If the order said `rebuilds`, the tree has been replaced by one that
    /// was loaded from the disk.
    case truncated(to: Zxid)
    /// The snapshot that came by this link is on the disk, the log begins after it, and the tree
    /// has been replaced by it. Or, for `StorageOrder.replaceTree`: the tree has been replaced, and the
    /// log ends where it did.
    case installed(LinkID, zxid: Zxid)
    /// The other answer to `StorageOrder.install` and `replaceTree`: the stream ended early or was no snapshot, and
    /// nothing of this server's history has changed. One of the two comes for each order, whoever
    /// closed the link.
    case installFailed(LinkID, reason: String)
    /// Everything after the learner's last zxid up to this one has been sent to it from the disk.
    case streamed(LinkID, upTo: Zxid)
    /// The disk could not serve it, or the link is gone.
    case streamFailed(LinkID, reason: String)

    // MARK: The operator

    /// Lead no longer, if another server can at once: a server that stops, or was told to.
    case handOver
}
