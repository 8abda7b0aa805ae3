import Logging
import ZKWire
import Zab

extension Logger {
    /// One line for something that the protocol noticed: enough to follow an election.
    func log(_ notice: ZabNotice) {
        switch notice {
        case .looking(let reason): info("looking for a leader: \(reason)")
        case .elected(let vote):
            info("elected server \(vote.leader), at \(vote.zxid) of epoch \(vote.peerEpoch)")
        case .leading(let epoch): info("leading, epoch \(epoch); waiting for a quorum")
        case .established(let epoch, let learners):
            let names = learners.map(\.description).joined(separator: ", ")
            info("established as leader of epoch \(epoch), followed by \(names)")
        case .following(let leader, let epoch): info("following server \(leader), epoch \(epoch)")
        case .synced(let leader, let epoch, let zxid):
            info("synchronized with server \(leader), epoch \(epoch), at \(zxid): serving")
        case .learnerSyncing(let server, let mode, let zxid):
            info("synchronizing server \(server) from \(zxid) by \(mode.rawValue)")
        case .learnerSynced(let server): info("server \(server) is synchronized")
        case .learnerLost(let server, let reason): info("server \(server) is lost: \(reason.text)")
        case .waitsForSync:
            warning(
                """
                the data directory is blank: unless all voters' are, which is the first start, this \
                server votes only once it has been synchronized
                """)
        case .closed(let link, let reason): log(closed: link, reason)
        }
    }

    private func log(closed link: LinkID, _ reason: LinkCloseReason) {
        switch reason {
        case .notLeading, .notFollowing, .replaced: debug("closed \(link): \(reason.text)")
        case .malformed, .unknownServer, .silent, .outputBound, .protocolViolation, .syncFailed,
            .incompatible:
            warning("closed \(link): \(reason.text)")
        }
    }
}

extension Zab.Notification {
    /// For those who look into an election.
    var text: String {
        """
        \(state), round \(round), for server \(vote.leader) at \(vote.zxid) of epoch \
        \(vote.peerEpoch)
        """
    }
}

extension LinkCloseReason {
    fileprivate var text: String {
        switch self {
        case .notLeading: "this server does not lead"
        case .notFollowing: "this server does not follow it"
        case .malformed(let what): "malformed \(what)"
        case .unknownServer(let id): "server \(id) is not one of the ensemble's, or connected already"
        case .replaced: "a newer connection took its place"
        case .silent: "nothing was heard of it for too long"
        case .outputBound(let bytes): "\(bytes) bytes that it did not take"
        case .protocolViolation(let what): "what it said contradicts what is known: \(what)"
        case .incompatible(let what): what
        case .syncFailed(let reason): "its synchronization failed: \(reason)"
        }
    }
}
