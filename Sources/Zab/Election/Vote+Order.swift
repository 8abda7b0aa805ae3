// Which of two votes is the better one, and the forms in which a server says that it has none.

import ZKWire

extension Vote {
    /// The order of leaders: who has the later epoch's history, then who has more of it, then the
    /// greater id (Apache `totalOrderPredicate`; that a server without weight cannot win is checked
    /// where votes are taken).
    package func isBetter(than other: Vote) -> Bool {
        if peerEpoch != other.peerEpoch { return peerEpoch > other.peerEpoch }
        if zxid != other.zxid { return zxid > other.zxid }
        return leader > other.leader
    }

    // MARK: No vote

    /// What an observer says: on the wire all three numbers are the smallest there is, as Apache's
    /// observers have them. Whoever is asked answers it and counts nothing.
    package static let ofObserver = Vote(
        leader: ServerID(rawValue: .min), zxid: Zxid(rawValue: .min), peerEpoch: Epoch(rawValue: 0))

    /// What a voter says that may not vote now: itself, with a zxid before the first one. Apache
    /// members take it for what their own say whose disk is unexpectedly empty: they answer it and
    /// do not count it (ZOOKEEPER-261). The leader is a member, since one that is none crashes
    /// Apache's hierarchical quorums where it is compared.
    ///
    /// - Parameter isBlank: the server never had a history. The epoch says so: 0, otherwise 1.
    package static func withheld(by server: ServerID, isBlank: Bool) -> Vote {
        Vote(
            leader: server, zxid: Zxid(rawValue: -1),
            peerEpoch: Epoch(rawValue: isBlank ? 0 : 1))
    }

    /// One of the forms above, or an Apache server's that may not vote.
    package var isWithheld: Bool { zxid < .zero }

    /// Whoever says this has no history. True of a vote too: nobody votes for less than it has.
    var showsBlankServer: Bool {
        peerEpoch.rawValue == 0 && (zxid == .zero || zxid.rawValue == -1)
    }
}
