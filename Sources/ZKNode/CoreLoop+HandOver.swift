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
        tell(.handOver)
        awaitLeader(until: .now() + CoreLoop.handOverLimit, done)
    }

    private func awaitLeader(
        until deadline: NIODeadline, _ done: @escaping (HandOverOutcome) -> Void
    ) {
        if case .following(let leader, isSynced: true) = core.peer.role {
            return done(.leads(leader))
        }
        guard NIODeadline.now() < deadline else {
            return done(.nobody(isLeading: core.peer.role.isLeading))
        }
        eventLoop.assumeIsolated().scheduleTask(in: CoreLoop.handOverPoll) { [self] in
            awaitLeader(until: deadline, done)
        }
    }
}

extension Role {
    var isLeading: Bool {
        if case .leading = self { true } else { false }
    }
}
