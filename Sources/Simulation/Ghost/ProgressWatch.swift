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

    private let run: Run
    private let network: Network
    private let machines: [Machine]
    private var standings: [ServerID: Standing] = [:]

    init(_ run: Run, _ network: Network, _ machines: [Machine]) {
        self.run = run
        self.network = network
        self.machines = machines
    }

    func start() {
        run.after(ProgressWatch.period) { [self] in
            guard !run.areFaultsOver else { return }
            for machine in machines { look(at: machine) }
            start()
        }
    }

    private func look(at machine: Machine) {
        guard let process = machine.process, process.core.peer.role.isEstablishedLeader,
            isWell(process), hasQuorum(process)
        else { return standings[machine.id] = nil }
        let history = process.core.peer.history
        let before = standings[machine.id]
        guard history.outstandingCount > 0, let before, before.life == process.life.number,
            before.committed == history.committed
        else {
            standings[machine.id] = Standing(
                life: process.life.number, committed: history.committed, since: run.now)
            return
        }
        guard run.now - before.since > ProgressWatch.bound.nanoseconds else { return }
        run.fail(
            "P-22",
            """
            server \(machine.id) leads a quorum and commits nothing after \(history.committed) \
            for \(ProgressWatch.bound)
            """)
    }

    private func isWell(_ process: ServerProcess) -> Bool {
        !process.life.isPaused && process.life.hardware.troubledUntil < run.now
            && process.life.hardware.diskSlowness == 1
    }

    /// Who follows it and can be reached, and is well, is a quorum with it.
    private func hasQuorum(_ leader: ServerProcess) -> Bool {
        var quorum = ServerSet([leader.life.id])
        for machine in machines where machine.id != leader.life.id {
            guard let process = machine.process, isWell(process),
                case .following(leader.life.id, isSynced: true) = process.core.peer.role,
                network.isUntroubled(machine.host, leader.life.host)
            else { continue }
            quorum.insert(machine.id)
        }
        return run.options.membership.isQuorum(quorum)
    }
}
