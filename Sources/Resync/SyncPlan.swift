import ZKWire

/// How the disk can bring a learner's history to this server's.
package enum SyncPlan: Equatable, Sendable {
    /// The learner's end is a record here: everything after it follows.
    case diff(after: Zxid)
    /// The learner has something after `to` that this history does not: it goes, then what follows.
    case truncate(to: Zxid)
    /// The log begins later: a snapshot as of this zxid, then what follows.
    case snapshot(Zxid)
}
