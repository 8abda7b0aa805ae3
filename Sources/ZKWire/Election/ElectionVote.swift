// Whom a server wants for leader, and the numbers that are peculiar to elections.

/// What a server does, as it says so in notifications (Apache `QuorumPeer.ServerState`).
package enum PeerState: Int32, CaseIterable, Sendable {
    case looking = 0
    case following = 1
    case leading = 2
    case observing = 3
}

/// A round of the election: counts up at a server each time that it begins to look (Apache's
/// logical clock).
package struct ElectionRound: RawRepresentable, Hashable, Comparable, Sendable,
    CustomStringConvertible
{
    package var rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package static func < (left: ElectionRound, right: ElectionRound) -> Bool {
        left.rawValue < right.rawValue
    }
    package var description: String { "\(rawValue)" }
}

/// The epoch of a proposed leader. 64 bits and signed on the wire, and ordered so: servers that do
/// not vote say `none`, and Apache says -1 after a reconfiguration that names a leader.
package struct PeerEpoch: RawRepresentable, Hashable, Comparable, Sendable,
    CustomStringConvertible
{
    package var rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }
    package init(_ epoch: Epoch) { rawValue = Int64(epoch.rawValue) }

    package static let none = PeerEpoch(rawValue: .min)

    /// nil if it is not the epoch of any leader.
    package var epoch: Epoch? { UInt32(exactly: rawValue).map(Epoch.init(rawValue:)) }

    package static func < (left: PeerEpoch, right: PeerEpoch) -> Bool {
        left.rawValue < right.rawValue
    }
    package var description: String { self == .none ? "none" : "\(rawValue)" }
}

/// A proposal for a leader: who, and what of the history it has.
package struct ElectionVote: Equatable, Sendable, CustomStringConvertible {
    package var leader: ServerID
    /// The last zxid in the log of `leader`.
    package var zxid: Zxid
    package var peerEpoch: PeerEpoch

    package init(leader: ServerID, zxid: Zxid, peerEpoch: PeerEpoch) {
        self.leader = leader
        self.zxid = zxid
        self.peerEpoch = peerEpoch
    }

    /// What a server without a vote says: smaller than every vote.
    package static let none = ElectionVote(
        leader: ServerID(rawValue: .min), zxid: Zxid(rawValue: .min), peerEpoch: .none)

    package var description: String { "server \(leader) at \(zxid) of epoch \(peerEpoch)" }
}
