import ZKWire

/// What has happened.
package enum RepairEvent: Equatable, Sendable {
    case connected(ServerID)
    case disconnected(ServerID)
    case response(ServerID, RepairResponse)
    /// A snapshot that was fetched has been read in full.
    case snapshotChecked(isGood: Bool)
    case tick
}

/// What is wanted. In the order in which it is to be done.
package enum RepairEffect: Equatable, Sendable {
    case ask(ServerID, RepairRequest)
    /// Keep these for the rebuilding; one that is kept already is the same.
    case keep([NamedTxn])
    /// The bytes of a snapshot in the making; offset 0 begins it anew.
    case keepSnapshot(SnapshotOffer, offset: Int64, [UInt8])
    /// All bytes are there: answered by `.snapshotChecked`.
    case checkSnapshot(SnapshotOffer)
    /// It breaks the protocol.
    case disconnect(ServerID, reason: String)
    case say(String)
    /// The last three end the machine. Put the history together and start.
    case rebuild(RepairPlan)
    /// Begin with nothing, without a vote, and have a leader synchronize it.
    case follow(reason: String)
    /// It cannot be repaired by what the members have.
    case stop(String)
}
