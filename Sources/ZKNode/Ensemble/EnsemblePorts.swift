import DataTree
import Logging
import NIOCore
import Repair
import ServerCore
import ZKWire
import Zab

/// What a member of an ensemble has besides a standalone server: the ports to the other members, and
/// the threads that send them history.
// SAFETY: `@unchecked`: what it holds is confined to the core's event loop, but for `bind` and `stop`.
final class EnsemblePorts: @unchecked Sendable {
    let election: ElectionPort
    let quorum: QuorumPort
    let streams: SyncStreams
    /// What it answers to members that repair themselves.
    let repair: RepairService
    /// As `/zookeeper/config` and other servers have it.
    private let membershipText: [UInt8]
    private let membershipVersion: Zxid

    init(
        election: ElectionPort, quorum: QuorumPort, streams: SyncStreams, repair: RepairService,
        _ membership: MembershipText
    ) {
        membershipText = Array(membership.description.utf8)
        membershipVersion = Zxid(rawValue: membership.version.rawValue)
        self.election = election
        self.quorum = quorum
        self.streams = streams
        self.repair = repair
    }

    /// Before anything is said to anyone. Blocks.
    func bind(isStopping: @escaping @Sendable () -> Bool) throws(ServerFailure) {
        try election.bind(isStopping: isStopping)
        try quorum.bind(isStopping: isStopping)
    }

    func start(_ loop: CoreLoop) {
        quorum.start { loop.tell($0) }
        election.start(
            ElectionReports(
                link: { loop.tell(.electionLink($0, isUp: $1)) },
                notification: { loop.tell(.notification($0)) },
                isLooking: { loop.core.peer.role == .looking },
                repair: { [repair] request, done in
                    repair.answer(
                        request, RepairStanding(loop.core.peer), on: loop.eventLoop, done)
                }))
    }

    /// Puts the membership into `/zookeeper/config`, which no transaction does.
    func describe(in tree: DataTree) {
        membershipText.withByteView {
            tree.setConfiguration(
                $0, version: membershipVersion, time: Now.current().wallMilliseconds)
        }
    }

    func close() {
        election.close()
        quorum.close()
    }

    /// After `close`. Blocks until the last stream has noticed it.
    func stop() {
        streams.stop()
        repair.stop()
    }
}
