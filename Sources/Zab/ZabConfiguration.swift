import ZKWire

/// What the protocol needs to know of the configuration; validated by whoever made it.
package struct ZabConfiguration: Sendable {
    package var serverID: ServerID
    package var membership: Membership
    package var tick: Duration = .milliseconds(3000)
    /// Ticks for a learner to connect and to be synchronized, and for a leader to be followed by a
    /// quorum (`initLimit`).
    package var initLimit = 10
    /// Ticks of silence after which a peer is given up (`syncLimit`).
    package var syncLimit = 5
    /// How long a vote that a quorum agrees on waits for a better one of a server that has not
    /// answered though it is connected.
    package var finalizeWait: Duration = .milliseconds(200)
    /// Between repeated notifications while looking; doubles up to the maximum.
    package var minNotificationInterval: Duration = .milliseconds(200)
    package var maxNotificationInterval: Duration = .milliseconds(60_000)
    /// Before an observer asks again who leads.
    package var observerElectionDelay: Duration = .milliseconds(200)
    /// Payload bytes of delivered transactions that are kept in memory for learners that lag a
    /// little; what is in flight is kept whatever it takes.
    package var recentBytes = 8 * 1_048_576
    /// Output of a link above which the learner is cut off; it comes back by its own log and ours.
    package var maximumLinkBytes = 128 * 1_048_576
    /// The text of the membership that goes with NEWLEADER and notifications; empty: none.
    package var membershipText: [UInt8] = []
    package var maxConcurrentSnapSyncs = 10
    package var maxConcurrentDiffSyncs = 100
    /// The counter of the last zxid that an epoch has (rule 8).
    package var maximumCounter = UInt32.max
    /// So many zxids before it a leader steps down: what is proposed of a turn's requests fits.
    package var counterReserve: UInt32 = 65_536
    /// For the simulator only.
    package var defects: KnownDefects = []

    package init(serverID: ServerID, membership: Membership) {
        self.serverID = serverID
        self.membership = membership
    }

    package var isObserver: Bool { membership.observers.contains(serverID) }
    /// An ensemble of one needs nobody's agreement.
    package var isAlone: Bool {
        membership.sortedVoters == [serverID] && membership.observers.isEmpty
    }
}

/// What the disk has when the server starts.
package struct DurableState: Equatable, Sendable {
    package var epochs: Epochs
    /// The last transaction of the log, or the snapshot's where the log is empty.
    package var lastZxid: Zxid
    /// The directory has never been part of an ensemble's history: it may be that this server's disk
    /// was lost, so that its vote could break a promise (rule D16).
    package var isBlank: Bool

    package init(epochs: Epochs, lastZxid: Zxid, isBlank: Bool) {
        self.epochs = epochs
        self.lastZxid = lastZxid
        self.isBlank = isBlank
    }
}

/// What a server must not forget of its promises; written to `meta` as one record.
package struct Epochs: Equatable, Sendable {
    /// The highest epoch that this server has promised to follow (Zab, phase 1).
    package var accepted: Epoch
    /// The epoch of the last leader whose history this server has made its own (phase 2).
    package var current: Epoch
    /// A snapshot of a leader is being installed: what is on the disk is not a history to vote with.
    package var isRecovering: Bool

    package init(accepted: Epoch, current: Epoch, isRecovering: Bool = false) {
        self.accepted = accepted
        self.current = current
        self.isRecovering = isRecovering
    }
}
