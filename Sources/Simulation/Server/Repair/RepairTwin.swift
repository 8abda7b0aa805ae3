// A process that repairs its directory before there is a core (`MemberRepair`): the shipping
// `RepairSession` on a simulated disk, its messages on the simulated network.

import Recovery
import Repair
import Storage
import ZKWire
import Zab

final class RepairTwin {
    enum Ending {
        case outcome(RepairSession<SimulatedDisk>.Outcome)
        /// The disk refused something.
        case failed(String)
        /// The power failed at a call of the disk.
        case powerLost
    }

    private static let tick = Span.milliseconds(250)

    private let hardware: Hardware
    private let disk: SimulatedDisk
    private var session: RepairSession<SimulatedDisk>
    private var links: [RepairLinkTwin] = []
    private var desk: RepairDeskTwin?
    private(set) var isAlive = true
    private let onEnd: (Ending) -> Void

    /// - Parameter onEnd: is called once at most, when it does nothing any more.
    init(
        _ hardware: Hardware, _ network: Network, _ error: RecoveryError, seed: UInt64,
        onEnd: @escaping (Ending) -> Void
    ) throws {
        self.hardware = hardware
        self.onEnd = onEnd
        disk = hardware.disk
        let options = hardware.run.options
        var settings = RepairSession<SimulatedDisk>.Settings(
            machine: RepairMachine.Settings(own: hardware.id, membership: options.membership),
            seed: seed, segmentSizeBytes: options.segmentBytes)
        settings.isLogCompressed = options.isLogCompressed
        session = try RepairSession(
            disk, Hardware.directory, settings, need: error.repairNeed, reason: error.description)
        for server in options.members where server != hardware.id {
            links.append(
                RepairLinkTwin(server, hardware, network) { [unowned self] in step($0) })
        }
    }

    /// Whether `meta` still says what was promised.
    var hasPromises: Bool { session.damaged.meta != nil }

    func start() {
        guard !isPowerLost() else { return }
        desk = RepairDeskTwin(hardware.run, hardware.id) { [unowned self] request, done in
            let response = session.answer(request)
            if !isPowerLost() { done(response) }
        }
        for link in links { link.connect() }
        planTick()
    }

    private func planTick() {
        hardware.run.after(hardware.simulated(RepairTwin.tick)) { [self] in
            guard isAlive else { return }
            step(.tick)
            planTick()
        }
    }

    /// Who repairs itself, too, is answered; everybody else finds the port closed.
    func arrived(_ wire: Socket) {
        guard let desk else { return wire.close() }
        let connection = RepairConnectionTwin(desk, wire)
        wire.own { payload in
            guard case .bytes(let bytes) = payload else { return wire.close() }
            connection.received(bytes)
        } ended: {
        }
    }

    private func step(_ event: RepairEvent) {
        guard isAlive else { return }
        var output: [RepairSession<SimulatedDisk>.Output] = []
        do {
            try session.step(event, now: hardware.now.monotonic, into: &output)
        } catch {
            if !isPowerLost() { end(.failed("\(error)")) }
            return
        }
        guard !isPowerLost() else { return }
        for item in output where isAlive { carryOut(item) }
    }

    private func carryOut(_ output: RepairSession<SimulatedDisk>.Output) {
        switch output {
        case .ask(let server, let request): link(server)?.ask(request)
        case .disconnect(let server, let reason):
            hardware.run.fail(
                "P-19", "server \(hardware.id) repairs itself without \(server): \(reason)")
            link(server)?.breakOff()
        case .say(let text): hardware.run.note(hardware.host, "repair: \(text)")
        case .ended(let outcome): end(.outcome(outcome))
        }
    }

    private func link(_ server: ServerID) -> RepairLinkTwin? { links.first { $0.server == server } }

    // MARK: Ending

    /// The power may have been cut within a call of the session: nobody hears what came of it.
    private func isPowerLost() -> Bool {
        guard isAlive else { return true }
        guard disk.isPowerCut else { return false }
        end(.powerLost)
        return true
    }

    private func end(_ ending: Ending) {
        die()
        onEnd(ending)
    }

    /// Does nothing any more, and lets go of everything.
    func die() {
        isAlive = false
        for link in links { link.close() }
        session.close()
        desk = nil
    }
}
