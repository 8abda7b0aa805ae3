import Logging
import ServerCore
import struct ServerCore.PeerAddress
import Zab

extension Logger {
    /// One line for something that the core noticed.
    func log(_ notice: Notice) {
        switch notice {
        case .sessionExpired(let session, let timeout):
            info("expired session \(session), timeout of \(timeout) ms exceeded")
        case .invalidSession(let session, let address):
            info("refused session \(session) from \(address): expired, or a wrong password")
        case .clientZxidAhead(let address, let seen, let own):
            warning(
                "refused a client at \(address): it has seen zxid \(seen), this server is at \(own)"
            )
        case .authentication(let address, let scheme, let isAccepted):
            info("\(isAccepted ? "accepted" : "refused") \(scheme) authentication from \(address)")
        case .quotaExceeded(let path, let isHard):
            warning("\(isHard ? "hard" : "soft") quota exceeded at \(path)")
        case .closed(let address, let reason): log(closed: address, reason)
        case .txnTooLarge(let session, let bytes, let limit):
            warning("refused a transaction of \(bytes) bytes of session \(session): limit \(limit)")
        case .digestMismatch(let zxid, let stated, let own):
            error(
                """
                the tree is not the leader's: digest \(own) after zxid \(zxid), the leader states \
                \(stated): docs/operating/recovering.md#tree-differs
                """)
        case .treeRefused:
            critical(
                """
                the tree is not the leader's after it was loaded again either: this server votes \
                on and serves no clients until a leader's snapshot has helped: \
                docs/operating/recovering.md#tree-differs
                """)
        case .sessionUpgraded(let session):
            info("session \(session) is one of the ensemble's now: it creates an ephemeral")
        case .readOnlyBegan(let zxid):
            warning("nobody leads: serving reads to read-only clients, at \(zxid)")
        case .readOnlyWithheld(let zxid, let assured):
            warning(
                """
                nobody leads, and no reads are served: this server has \(zxid), and since it was \
                started no leader has said of more than \(assured) that a quorum has it
                """)
        case .readOnlyEnded: info("read-only clients are sent to look for a server anew")
        case .paused(let pause):
            warning(
                """
                this server stood still for \(pause.wholeMilliseconds) ms longer than a tick; \
                sessions got that time back
                """)
        }
    }

    private func log(closed address: PeerAddress, _ reason: CloseReason) {
        switch reason {
        case .sessionClosed, .sessionExpired, .sessionInvalid, .sessionReconnected, .clientGone,
            .clientZxidAhead, .notServing, .leadershipLost, .treeReplaced, .readOnly,
            .readOnlyEnded, .leaderServesNobody:
            debug("closed \(address): \(reason)")
        case .authenticationFailed: info("closed \(address): authentication failed")
        case .malformed(let what): warning("closed \(address): malformed \(what)")
        case .tooLarge(let bytes, let limit):
            warning("closed \(address): a request of \(bytes) bytes; jute.maxbuffer is \(limit)")
        case .outputBound(let bytes):
            warning("closed \(address): over \(bytes) bytes of replies that it did not read")
        case .limit(let what): warning("closed \(address): \(what)")
        }
    }
}
