import ZKWire

/// What must be done after a step. `append`, `storage` and `output` in this order; within each, in
/// order. The shell carries out `append` and `storage` orders one after the other, in the order in
/// which they were given, across steps: one queue to the log's thread.
package struct ZabEffects {
    /// Transactions in zxid order, frozen. Nothing in them is acknowledged before `.appended`.
    package var append: [TxnBatch] = []
    package var storage: [StorageOrder] = []
    package var notify: [(to: ServerID, Notification)] = []
    /// The leader to connect to, at its quorum port.
    package var connect: ServerID?
    /// Links whose output has something to send; each listed once.
    package var output: [Link] = []
    package var close: [(link: LinkID, reason: LinkCloseReason)] = []
    /// Links that are sent history from the disk; nothing is in their output until that has ended.
    package var stream: [SyncOrder] = []
    package var notices: [ZabNotice] = []

    package init() {}

    package var isEmpty: Bool {
        append.isEmpty && storage.isEmpty && notify.isEmpty && connect == nil && output.isEmpty
            && close.isEmpty && stream.isEmpty && notices.isEmpty
    }

    package mutating func removeAll() {
        append.removeAll(keepingCapacity: true)
        storage.removeAll(keepingCapacity: true)
        notify.removeAll(keepingCapacity: true)
        connect = nil
        output.removeAll(keepingCapacity: true)
        close.removeAll(keepingCapacity: true)
        stream.removeAll(keepingCapacity: true)
        notices.removeAll(keepingCapacity: true)
    }

    mutating func close(_ link: LinkID, _ reason: LinkCloseReason) {
        close.append((link: link, reason: reason))
        notices.append(.closed(link, reason))
    }

    /// The link has something to send.
    mutating func list(_ link: Link) {
        guard !link.isOutputListed, link.output.count > 0 else { return }
        link.isOutputListed = true
        output.append(link)
    }
}

/// What must become durable, in the order given. A failure of any ends the process (rule D9).
package enum StorageOrder: Equatable, Sendable {
    /// Answered by `.epochsWritten`.
    case writeEpochs(Epochs)
    /// Cut the log after this zxid, snapshots that reach beyond it first (rule D6). Answered by
    /// `.truncated`.
    /// - Parameter rebuilds: the tree has some of what goes, or cannot be trusted: load it from the
    ///   disk. Nothing may have to be cut then.
    case truncate(to: Zxid, rebuilds: Bool)
    /// The bytes that follow on this link are a snapshot as of this zxid (Apache's stream). Answered
    /// by `.installed`; the link's later packets come after that.
    case install(LinkID, zxid: Zxid)
    /// The bytes that follow on this link are a snapshot as of this zxid, which the log has or begins
    /// after: it takes the place of all snapshots here, and the tree is made of it and of the log, which
    /// stays as it is. Answered as `install` is.
    case replaceTree(LinkID, zxid: Zxid)
}

/// History for a learner, from the log and the snapshots of this server. Answered by `.streamed` or
/// `.streamFailed`.
package struct SyncOrder: Equatable, Sendable {
    package var link: LinkID
    package var learner: ServerID
    /// The end of the learner's log, or of what an earlier order has sent.
    package var after: Zxid
    /// Begin by saying how (DIFF, TRUNC or SNAP); false: go on.
    package var isFirst: Bool
    /// With a snapshot, whatever the learner has.
    package var isTreeWanted: Bool
    /// No further than this: what is committed here.
    package var upTo: Zxid
    /// The learner is Apache's, and here the epoch begins that it joins; nil for one of ours.
    package var apacheEpochStart: Zxid?

    package init(
        link: LinkID, learner: ServerID, after: Zxid, isFirst: Bool, isTreeWanted: Bool = false,
        upTo: Zxid, apacheEpochStart: Zxid?
    ) {
        self.link = link
        self.learner = learner
        self.after = after
        self.isFirst = isFirst
        self.isTreeWanted = isTreeWanted
        self.upTo = upTo
        self.apacheEpochStart = apacheEpochStart
    }
}

/// Why a link is closed.
package enum LinkCloseReason: Equatable, Sendable {
    /// This server does not lead, or no longer.
    case notLeading
    /// This server no longer follows.
    case notFollowing
    case malformed(String)
    /// The server's id is not one of the ensemble's, or is another connection's.
    case unknownServer(Int64)
    case replaced
    /// Nothing was heard for too long.
    case silent
    /// It takes less than it is sent.
    case outputBound(bytes: Int)
    /// What it says contradicts what is known.
    case protocolViolation(String)
    /// It speaks another version of the protocol: the sentence names both and the remedy.
    case incompatible(String)
    case syncFailed(String)
}

/// Something for the log of the server.
package enum ZabNotice: Equatable, Sendable {
    case looking(reason: String)
    case elected(Vote)
    case leading(Epoch)
    case established(Epoch, learners: [ServerID])
    case following(ServerID, Epoch)
    case synced(ServerID, Epoch, Zxid)
    case learnerSyncing(ServerID, SyncMode, after: Zxid)
    case learnerSynced(ServerID)
    case learnerLost(ServerID, LinkCloseReason)
    /// This server's disk is blank in an ensemble that has a history: it votes after it is synced.
    case waitsForSync
    case closed(LinkID, LinkCloseReason)
}

/// How a learner's history becomes the leader's.
package enum SyncMode: String, Equatable, Sendable, CaseIterable {
    case diff = "DIFF"
    case trunc = "TRUNC"
    case snap = "SNAP"
}
