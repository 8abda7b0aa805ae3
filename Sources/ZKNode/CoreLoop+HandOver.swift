import NIOCore
import ServerCore
import ZKWire
import Zab

/// How a hand-over has ended.
enum HandOverOutcome: Equatable, Sendable {
    case leads(ServerID)
    /// This server did not lead.
    case notLeading
    /// Nobody took over within the time; what this server is by then.
    case nobody(isLeading: Bool)
}

// A leader that has another server lead (`zknode handover`, and before it stops).
extension CoreLoop {
    /// For another server to be found and followed.
    private static let handOverLimit = TimeAmount.seconds(5)
    private static let handOverPoll = TimeAmount.milliseconds(10)

    /// - Parameter done: called once, on the loop.
    func handOver(_ done: @escaping (HandOverOutcome) -> Void) {
        guard core.peer.role.isLeading else { return done(.notLeading) }
        guard hasSuccessor else { return done(.nobody(isLeading: true)) }
        tell(.handOver)
        awaitLeader(until: .now() + CoreLoop.handOverLimit, done)
    }

    /// Whether a server with a vote has all that this one has; otherwise the protocol stays as it is.
    private var hasSuccessor: Bool {
        guard let membership = words.facts.membership else { return false }
        return words.ensemble.synced.contains { membership.isVoter($0) }
    }

    /// - Parameter hasLeft: it was seen not to lead. If it is elected again, the others are gone:
    ///   they stop too.
    private func awaitLeader(
        until deadline: NIODeadline, hasLeft: Bool = false,
        _ done: @escaping (HandOverOutcome) -> Void
    ) {
        let role = core.peer.role
        if case .following(let leader, isSynced: true) = role { return done(.leads(leader)) }
        guard NIODeadline.now() < deadline, !(hasLeft && role.isLeading) else {
            return done(.nobody(isLeading: role.isLeading))
        }
        eventLoop.assumeIsolated().scheduleTask(in: CoreLoop.handOverPoll) { [self] in
            awaitLeader(until: deadline, hasLeft: hasLeft || !role.isLeading, done)
        }
    }
}

extension Role {
    var isLeading: Bool {
        if case .leading = self { true } else { false }
    }
}
