import ZKWire

/// How the disk can bring a learner's history to this server's.
package enum SyncPlan: Equatable, Sendable {
    /// The learner has everything up to this record, and nothing else: everything after it follows.
    case diff(after: Zxid)
    /// The learner has something after `to` that this history does not: it goes, then what follows.
    case truncate(to: Zxid)
    /// The log begins later: a snapshot as of this zxid, then what follows.
    case snapshot(Zxid)
}
