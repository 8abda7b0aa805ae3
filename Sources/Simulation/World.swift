// One run: machines, clients, network and faults on one clock. One seed is one run.

import Recovery
import ServerCore
import ZKWire
import Zab

package final class World {
    private let course: Run
    private let network: Network
    private let ghost: Ghost
    private let faults: FaultInjector
    private let progress: ProgressWatch
    /// In order of id.
    private let machines: [Machine]
    private let clients: [SimulatedClient]

    /// - Parameters:
    ///   - census: gets the parts of the run.
    ///   - trace: gets a line for everything of interest.
    package init(
        _ options: Options, census: Census? = nil, trace: ((String) -> Void)? = nil
    ) {
        let run = Run(options, census: census, trace: trace)
        course = run
        let network = Network(run, run.chance.split(), latency: options.latency)
        let ghost = Ghost(run)
        let faultChance = run.chance.split()
        self.network = network
        self.ghost = ghost
        machines = options.members.map { id in
            Machine(Hardware(id, run, run.chance.split()), ghost, network)
        }
        clients = (0..<options.clients).map { number in
            SimulatedClient(run, network, ghost, number, run.chance.split())
        }
        faults = FaultInjector(
            run, network, ghost, machines, clients: clients.map(\.host), faultChance)
        progress = ProgressWatch(run, network, machines)
        for part in [run, network, ghost, ghost.model.tree, faults] as [AnyObject] {
            run.census?.add(part)
        }
        network.accept = { [unowned self] host, wire in accept(host, wire) }
    }

    package var options: Options { course.options }
    package var figures: Figures { course.figures }
    package var failure: String? { course.failure?.description }
    /// A hash over everything that happened and when: two runs of a seed have the same (P-23).
    package var eventHash: UInt64 { course.eventHash }
    package var eventCount: Int { course.eventCount }

    // MARK: Running

    /// Safety with faults, then, without, a time within which everything has to be well.
    /// - Returns: whether all properties held.
    package func run() -> Bool {
        begin()
        course.go(until: options.safetySpan.nanoseconds) { false }
        faults.heal()
        course.note(nil, "no more faults")
        let bound = lastSlowOperation + options.livenessBound.nanoseconds
        for client in clients { client.expectService() }
        course.go(until: bound) { [self] in isWell }
        if failure == nil, isWell { finish() } else if failure == nil { noteStandstill() }
        end()
        return failure == nil
    }

    /// A disk that was slow when the faults ended still does what it had begun: a sync that is a
    /// hundred times slower may take longer than the bound.
    private var lastSlowOperation: Int64 {
        machines.map(\.hardware.slowUntil).reduce(course.now, max)
    }

    /// A fault that nobody has planned, for a test: of each server's disk, so many calls from now.
    package func failDisks(at call: Int) {
        for machine in machines { machine.hardware.disk.failOperation(call, with: 5) }
    }

    /// Nothing goes on, which it may only where no quorum of the voters may vote: the disk of one was
    /// exchanged, and another's is between its own history and a leader's (docs/zab.md, rule 9).
    private func noteStandstill() {
        let entitled = options.membership.sortedVoters.filter { ghost.of($0).mayVote }
        guard options.membership.isQuorum(ServerSet(entitled)) else {
            course.figures.standstills += 1
            return course.note(nil, "without a quorum that may vote: \(state)")
        }
        course.fail("P-22", "after \(options.livenessBound): \(state)")
    }

    private func begin() {
        if options.start != .zero { Beginning(course, ghost).lay(on: machines.map(\.hardware)) }
        for machine in machines {
            let delay = course.chance.span(.milliseconds(1) ... .milliseconds(300))
            course.after(delay) { machine.boot() }
        }
        for client in clients { course.after(.milliseconds(100)) { client.start() } }
        faults.start()
        progress.start()
    }

    /// The clients end; then all trees are the same.
    private func finish() {
        for client in clients { client.rest() }
        course.go(until: course.now + options.livenessBound.nanoseconds) { [self] in isQuiet }
        guard failure == nil else { return }
        guard isQuiet else { return course.fail("P-22", "not quiet: \(state)") }
        checkEnd()
    }

    /// Nothing refers to anything any more.
    private func end() {
        for machine in machines { machine.end() }
        for client in clients { client.end() }
        network.end()
        course.end()
        course.figures.simulatedMilliseconds = course.now / 1_000_000
        course.figures.reusedSessions = ghost.model.reuses.values.reduce(0, +)
        course.figures.transactions = ghost.committed.count
        course.figures.deathsInSync = ghost.coverage.counts
    }

    // MARK: How things are

    private var isWell: Bool {
        clients.allSatisfy(\.isServed)
            && machines.allSatisfy { $0.process?.core.role.isServing ?? false }
    }

    /// Nothing is in flight any more.
    private var isQuiet: Bool {
        guard clients.allSatisfy(\.hasComeToRest) else { return false }
        // Who has just been synchronized may still be writing that it is a member again.
        guard ghost.order.allSatisfy({ !$0.epochs.isRecovering }) else { return false }
        let ends = machines.map { $0.process?.core.lastProcessedZxid }
        return machines.allSatisfy {
            $0.process?.core.outstandingCount == 0 && $0.process?.core.role.isServing == true
                && $0.process?.core.peer.epochs.isRecovering == false
        } && Set(ends).count == 1
    }

    private var state: String {
        let servers = machines.map { machine in
            let core = machine.process?.core
            return "\(machine.id): \(core.map { "\($0.role) \($0.lastProcessedZxid)" } ?? "down")"
        }
        return (servers + clients.map(\.description)).joined(separator: "; ")
    }

    /// When all has come to rest everybody has the same, and so has who starts now.
    private func checkEnd() {
        let right = ghost.model.tree.dump()
        for machine in machines {
            guard let tree = machine.process?.core.tree else { continue }
            tree.checkInvariants()
            course.expect(
                tree.dump() == right, "P-20", "server \(machine.id) ends with another tree")
            checkStart(machine, right)
        }
    }

    /// P-21: whatever happens now, a start loads that tree. Nothing is in flight, so all is durable.
    private func checkStart(_ machine: Machine, _ right: [String]) {
        for isPowerLost in [false, true] {
            do throws(RecoveryError) {
                let tree = try machine.wouldLoad(afterPowerLoss: isPowerLost)
                course.expect(
                    tree.dump() == right, "P-21",
                    """
                    server \(machine.id) would load another tree after a \
                    \(isPowerLost ? "power loss" : "kill"), as of \(tree.lastProcessedZxid); \
                    its promises are \(ghost.of(machine.id).epochs)
                    """)
            } catch {
                course.fail("S-01", "server \(machine.id) could not start again: \(error)")
            }
        }
    }

    private func accept(_ host: Host, _ wire: Socket) -> Bool {
        guard let machine = machines.first(where: { $0.host == host }) else { return false }
        if let repair = machine.repair, wire.path.port == .election {
            repair.arrived(wire)
            return true
        }
        guard let process = machine.process, process.life.isAlive else { return false }
        switch wire.path.port {
        case .client: process.clients.arrived(wire)
        case .quorum: process.quorum.arrived(wire)
        case .election: process.election.arrived(wire)
        case nil: return false
        }
        return true
    }
}
