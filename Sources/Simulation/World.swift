// One run: machines, clients, network and faults on one clock. One seed is one run.

import ServerCore
import ZKWire
import Zab

package final class World {
    package let options: Options
    private var agenda = Agenda()
    var chance: Chance
    private(set) var network: Network!
    private(set) var ghost: Ghost!
    private(set) var faults: FaultInjector!
    private var progress: ProgressWatch!
    private(set) var machines: [ServerID: Machine] = [:]
    private(set) var clients: [SimulatedClient] = []
    package var figures = Figures()
    /// A hash over everything that happened and when: two runs of a seed have the same (P-23).
    package private(set) var eventHash: UInt64 = 0xcbf2_9ce4_8422_2325
    package private(set) var eventCount = 0
    private let trace: ((String) -> Void)?

    /// - Parameter trace: gets a line for everything of interest.
    package init(_ options: Options, trace: ((String) -> Void)? = nil) {
        self.options = options
        self.trace = trace
        chance = Chance(seed: options.seed)
        network = Network(self, chance.split())
        ghost = Ghost(self)
        faults = FaultInjector(self, chance.split())
        progress = ProgressWatch(self)
        for id in options.members { machines[id] = Machine(id, self, chance.split()) }
        for number in 0..<options.clients {
            clients.append(SimulatedClient(self, number, chance.split()))
        }
        network.accept = { [unowned self] host, port, wire in accept(host, port, wire) }
    }

    package var now: Int64 { agenda.now }
    package var failure: String? { ghost.failure.map(\.description) }
    var sortedMachines: [Machine] { options.members.compactMap { machines[$0] } }

    // MARK: Running

    /// Safety with faults, then, without, a time within which everything has to be well.
    /// - Returns: whether all properties held.
    package func run() -> Bool {
        for machine in sortedMachines {
            after(chance.span(.milliseconds(1) ... .milliseconds(300))) { machine.boot() }
        }
        for client in clients { after(.milliseconds(100)) { client.start() } }
        faults.start()
        progress.start()
        run(until: options.safetySpan.nanoseconds) { false }
        faults.heal()
        note(nil, "no more faults")
        let bound = now + options.livenessBound.nanoseconds
        for client in clients { client.expectService() }
        run(until: bound) { [self] in isWell }
        if failure == nil, isWell { finish() } else if failure == nil { noteStandstill() }
        for machine in sortedMachines { machine.process?.die() }
        network.end()
        agenda.removeAll()
        figures.simulatedMilliseconds = now / 1_000_000
        figures.reusedSessions = ghost.model.reuses.values.reduce(0, +)
        figures.transactions = ghost.committed.count
        return failure == nil
    }

    /// Nothing goes on, which it may only where no quorum of the voters may vote: the disk of one was
    /// exchanged, and another's is between its own history and a leader's (docs/zab.md, rule 9).
    private func noteStandstill() {
        let entitled = options.membership.sortedVoters.filter { ghost.of($0).mayVote }
        guard options.membership.isQuorum(ServerSet(entitled)) else {
            figures.standstills += 1
            return note(nil, "without a quorum that may vote: \(state)")
        }
        ghost.fail("P-22", "after \(options.livenessBound): \(state)")
    }

    private func run(until end: Int64, _ isDone: () -> Bool) {
        while failure == nil, let next = agenda.nextInstant, next <= end, !isDone() {
            agenda.takeNext()?()
        }
    }

    /// The clients end; then all trees are the same.
    private func finish() {
        for client in clients { client.rest() }
        run(until: now + options.livenessBound.nanoseconds) { [self] in isQuiet }
        guard failure == nil else { return }
        guard isQuiet else { return ghost.fail("P-22", "not quiet: \(state)") }
        ghost.checkEnd()
    }

    private var isWell: Bool {
        clients.allSatisfy(\.isServed)
            && sortedMachines.allSatisfy { $0.process?.core.role.isServing ?? false }
    }

    /// Nothing is in flight any more.
    private var isQuiet: Bool {
        let ends = sortedMachines.map { $0.process?.core.lastProcessedZxid }
        return clients.allSatisfy(\.hasComeToRest)
            && sortedMachines.allSatisfy {
                $0.process?.core.outstandingCount == 0 && $0.process?.core.role.isServing == true
                    && $0.process?.core.peer.epochs.isRecovering == false
            } && Set(ends).count == 1
    }

    private var state: String {
        let servers = sortedMachines.map { machine in
            let core = machine.process?.core
            return "\(machine.id): \(core.map { "\($0.role) \($0.lastProcessedZxid)" } ?? "down")"
        }
        return (servers + clients.map(\.description)).joined(separator: "; ")
    }

    func after(_ delay: Span, _ action: @escaping () -> Void) { agenda.plan(after: delay, action) }

    private func accept(_ host: Host, _ port: Port, _ wire: Socket) -> Bool {
        guard let process = machines[ServerID(rawValue: Int64(host.number))]?.process,
            process.isAlive
        else { return false }
        switch port {
        case .client: process.clients.arrived(wire)
        case .quorum: process.quorum.arrived(wire)
        case .election: process.election.arrived(wire)
        }
        return true
    }

    // MARK: The record of the run

    func record(_ what: StaticString, _ numbers: Int...) {
        eventCount += 1
        mix(UInt64(bitPattern: now))
        for number in numbers { mix(UInt64(truncatingIfNeeded: number)) }
        if trace != nil { line("\(what) \(numbers)") }
    }

    private func mix(_ value: UInt64) {
        eventHash = (eventHash ^ value) &* 0x100_0000_01b3
        eventHash ^= eventHash >> 29
    }

    func note(_ host: Host?, _ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        line((host.map { "\($0) " } ?? "") + text())
    }

    func note(_ host: Host, _ notice: ZabNotice) {
        if case .learnerSyncing(let learner, let mode, _) = notice {
            if let leader = machines[ServerID(rawValue: Int64(host.number))] {
                faults.synchronizing(learner, by: leader)
            }
            switch mode {
            case .diff: figures.memoryDiffs += 1
            case .trunc: figures.memoryTruncs += 1
            case .snap: break
            }
        }
        if case .closed(_, .protocolViolation(let reason)) = notice {
            ghost.fail("P-19", "\(host) is sent what must not come: \(reason)")
        }
        if case .leading(let epoch) = notice {
            ghost.beginsToLead(epoch, ServerID(rawValue: Int64(host.number)))
        }
        record("notice", host.number)
        note(host, "\(notice)")
    }

    func notePacket(_ packet: QuorumPacket, from: Host, to process: ServerProcess) {
        record("packet", from.number, process.machine.host.number, Int(packet.rawType))
        note(process.machine.host, "gets \(packet.type.map { "\($0)" } ?? "?") \(packet.zxid) of \(from)")
    }

    private func line(_ text: String) {
        let micros = now / 1000
        let fraction = String(micros % 1_000_000 + 1_000_000).dropFirst()
        trace?("\(micros / 1_000_000).\(fraction) \(text)")
    }
}
