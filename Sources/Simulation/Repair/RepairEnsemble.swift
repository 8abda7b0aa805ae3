// A few servers' directories on simulated disks, whose members repair themselves from each other: the
// machine and the rebuilding of the real server, with messages passed in memory and a clock of its
// own. What is not here is Zab: who leads is said by the test.

import Recovery
import Repair
import Storage
import TxnLog
import ZKWire
import Zab

package final class RepairEnsemble {
    package enum State {
        /// It does not run.
        case down
        /// Its directory is whole, and it would take part in elections.
        case whole(RepairAnswerer<SimulatedDisk>, MetaRecord)
        case repairing(RepairSession<SimulatedDisk>)
        /// It begins with nothing and has no vote.
        case following(reason: String)
        case stopped(String)
    }

    package static let directory = DataDirectory("data")
    private static let tick = Duration.milliseconds(250)

    package private(set) var disks: [ServerID: SimulatedDisk]
    package private(set) var states: [ServerID: State] = [:]
    /// What the members said, for messages of tests.
    package private(set) var said: [String] = []
    /// Requests answered so far.
    package private(set) var messageCount = 0
    package let membership: Membership
    /// Whole members say that they have a leader.
    package var isEstablished = false
    private var now = Instant(nanoseconds: 0)
    private let seed: UInt64

    package init(_ disks: [ServerID: SimulatedDisk], membership: Membership? = nil, seed: UInt64 = 1) {
        self.disks = disks
        self.membership = membership ?? Membership(disks.keys.sorted())
        self.seed = seed
        for id in disks.keys { states[id] = .down }
    }

    package var ids: [ServerID] { disks.keys.sorted() }

    package func configuration(_ id: ServerID) -> RecoveryConfiguration {
        var configuration = RecoveryConfiguration(
            serverID: id, newEnsembleID: UInt64(id.rawValue) + 1000,
            seed: seed &* 31 &+ UInt64(id.rawValue))
        configuration.segmentSizeBytes = 8192
        return configuration
    }

    /// Starts a member: it is whole, or repairs itself, or refuses.
    package func start(_ id: ServerID) throws {
        guard let disk = disks[id] else { return }
        do throws(RecoveryError) {
            let state = try Recovery(disk, Self.directory, configuration(id)).load()
            guard let record = state.meta.record else { return }
            try? state.log.close()
            state.lock.release()
            let origin = SnapshotStoreOrigin.of(record)
            states[id] =
                record.isRecovering
                ? .following(reason: "")
                : .whole(
                    RepairAnswerer(disk, Self.directory, base: record.base, origin), record)
        } catch {
            guard error.repairNeed != .none else {
                states[id] = .stopped(error.description)
                return
            }
            try beginRepair(id, disk, error)
        }
        if case .whole = states[id] { try tellOthers(id) }
    }

    /// Who repairs itself finds a member that has come.
    private func tellOthers(_ id: ServerID) throws {
        for other in ids where other != id {
            if case .repairing = states[other] { try connect(other, id) }
        }
    }

    private func beginRepair(
        _ id: ServerID, _ disk: SimulatedDisk, _ error: RecoveryError
    ) throws {
        let session = try RepairSession(
            disk, Self.directory,
            RepairSession<SimulatedDisk>.Settings(
                machine: RepairMachine.Settings(own: id, membership: membership),
                seed: seed &* 17 &+ UInt64(id.rawValue), segmentSizeBytes: 8192),
            need: error.repairNeed, reason: error.description)
        states[id] = .repairing(session)
        for other in ids where other != id { try connect(id, other) }
    }

    /// A process that ends leaves its directory as it is.
    package func stop(_ id: ServerID) {
        if case .repairing(let session) = states[id] { session.close() }
        states[id] = .down
        disks[id]?.releaseLocks()
        for other in ids where other != id { try? send(.disconnected(id), to: other) }
    }

    /// Puts another disk in the place of a member's, which does not run.
    package func replace(_ id: ServerID, with disk: SimulatedDisk) { disks[id] = disk }

    /// Lets time pass until nobody repairs itself any more, or for so long.
    package func run(for limit: Duration = .seconds(30)) throws {
        let end = now + limit
        while now < end, isAnyoneRepairing {
            now = now + Self.tick
            for id in ids { try send(.tick, to: id) }
        }
    }

    package var isAnyoneRepairing: Bool {
        states.values.contains { if case .repairing = $0 { true } else { false } }
    }

    // MARK: messages

    private func connect(_ id: ServerID, _ other: ServerID) throws {
        guard isAnswering(other) else { return }
        try send(.connected(other), to: id)
        try deliver(.hello(id), from: id, to: other)
        // And the other way round: it knows of this one now.
        if case .repairing = states[other], case .repairing = states[id] {
            try send(.connected(id), to: other)
            try deliver(.hello(other), from: other, to: id)
        }
    }

    private func isAnswering(_ id: ServerID) -> Bool {
        switch states[id] {
        case .whole, .repairing: true
        case .following, .stopped, .down, nil: false
        }
    }

    private func deliver(_ request: RepairRequest, from: ServerID, to other: ServerID) throws {
        guard let response = answer(request, other) else {
            return try send(.disconnected(other), to: from)
        }
        messageCount += 1
        // By the bytes, as on a wire.
        let bytes = response.encoded().dropFirst(4)
        let decoded = try Array(bytes).withByteView { try RepairResponse(decoding: $0) }
        try send(.response(other, decoded), to: from)
    }

    private func answer(_ request: RepairRequest, _ id: ServerID) -> RepairResponse? {
        switch states[id] {
        case .repairing(let session): return session.answer(request)
        case .whole(let answerer, let meta):
            switch request {
            case .hello, .status:
                let isBlank = meta.acceptedEpoch == 0
                return .status(
                    answerer.status(
                        id, isEstablished ? .established : .looking, isTrusted: !isBlank,
                        accepted: Epoch(rawValue: meta.acceptedEpoch),
                        current: Epoch(rawValue: meta.currentEpoch)))
            case .txns(let span): return .txns(answerer.txns(span))
            case .snapshot(let zxid, let offset):
                return .snapshot(zxid, offset: offset, answerer.snapshot(zxid, offset: offset))
            }
        case .following, .stopped, .down, nil: return nil
        }
    }

    private func send(_ event: RepairEvent, to id: ServerID) throws {
        guard case .repairing(var session) = states[id] else { return }
        var output: [RepairSession<SimulatedDisk>.Output] = []
        try session.step(event, now: now, into: &output)
        states[id] = .repairing(session)
        for item in output { try carryOut(item, id, session) }
    }

    private func carryOut(
        _ output: RepairSession<SimulatedDisk>.Output, _ id: ServerID,
        _ session: RepairSession<SimulatedDisk>
    ) throws {
        switch output {
        case .ask(let other, let request): try deliver(request, from: id, to: other)
        case .disconnect(let other, let reason):
            said.append("\(id): disconnects \(other): \(reason)")
            try send(.disconnected(other), to: id)
        case .say(let text): said.append("\(id): \(text)")
        case .ended(let outcome):
            session.close()
            try end(id, outcome)
        }
    }

    private func end(
        _ id: ServerID, _ outcome: RepairSession<SimulatedDisk>.Outcome
    ) throws {
        switch outcome {
        case .repaired:
            states[id] = .down
            try start(id)
            guard case .whole = states[id] else {
                throw NotRepaired(description: "server \(id) says that it is, and is \(text(id))")
            }
        case .following(let reason):
            disks[id]?.releaseLocks()
            states[id] = .down
            try start(id)
            states[id] = .following(reason: reason)
        case .stopped(let text): states[id] = .stopped(text)
        }
    }

    package func text(_ id: ServerID) -> String {
        switch states[id] {
        case .down, nil: "down"
        case .whole: "whole"
        case .repairing: "repairing itself"
        case .following(let reason): "following: \(reason)"
        case .stopped(let text): "stopped: \(text)"
        }
    }

    package struct NotRepaired: Error, CustomStringConvertible {
        package let description: String
    }
}
