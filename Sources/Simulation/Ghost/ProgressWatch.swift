// P-22 while there are faults: they may stop an ensemble only as long as they last. A leader that a
// quorum follows, with nothing wrong between them or on their machines, commits what it proposes.

import Zab
import ZKWire

final class ProgressWatch {
    private struct Standing {
        let life: Int
        let committed: Zxid
        /// Since when it could have gone on, and has not.
        let since: Int64
    }

    private static let period = Span.milliseconds(200)
    /// Far longer than the slowest disk that is not in trouble takes for a write.
    private static let bound = Span.seconds(4)

    private unowned let world: World
    private var standings: [ServerID: Standing] = [:]

    init(_ world: World) { self.world = world }

    func start() {
        world.after(ProgressWatch.period) { [self] in
            guard !world.faults.isOver else { return }
            for machine in world.sortedMachines { look(at: machine) }
            start()
        }
    }

    private func look(at machine: Machine) {
        guard let process = machine.process, process.core.peer.role.isEstablishedLeader,
            isWell(process), hasQuorum(process)
        else { return standings[machine.id] = nil }
        let history = process.core.peer.history
        let before = standings[machine.id]
        guard history.outstandingCount > 0, let before, before.life == machine.startCount,
            before.committed == history.committed
        else {
            standings[machine.id] = Standing(
                life: machine.startCount, committed: history.committed, since: world.now)
            return
        }
        guard world.now - before.since > ProgressWatch.bound.nanoseconds else { return }
        world.ghost.fail(
            "P-22",
            """
            server \(machine.id) leads a quorum and commits nothing after \(history.committed) \
            for \(ProgressWatch.bound)
            """)
    }

    private func isWell(_ process: ServerProcess) -> Bool {
        !process.isPaused && process.machine.troubledUntil < world.now
            && process.machine.diskSlowness == 1
    }

    /// Who follows it and can be reached, and is well, is a quorum with it.
    private func hasQuorum(_ leader: ServerProcess) -> Bool {
        var quorum = ServerSet([leader.id])
        for machine in world.sortedMachines where machine.id != leader.id {
            guard let process = machine.process, isWell(process),
                case .following(leader.id, isSynced: true) = process.core.peer.role,
                world.network.isOpen(machine.host, leader.machine.host),
                world.network.isOpen(leader.machine.host, machine.host)
            else { continue }
            quorum.insert(machine.id)
        }
        return world.options.membership.isQuorum(quorum)
    }
}
