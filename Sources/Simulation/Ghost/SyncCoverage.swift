// How learners were synchronized when somebody died: each way and each step of it is to have been
// interrupted on both sides.

import ZKWire
import Zab

/// A learner's synchronization, as its packets tell.
package final class SyncCoverage {
    package enum Mode: Int, CaseIterable, Sendable { case diff, trunc, truncDiff, snap }

    package enum Step: Int, CaseIterable, Sendable {
        /// It is being sent what it lacks.
        case history
        /// It has NEWLEADER, and makes all that and its epoch durable.
        case newLeader
        /// It has acknowledged that, and waits for UPTODATE.
        case acknowledged
        /// It has UPTODATE, and no transaction after that yet.
        case upToDate
    }

    private struct Sync {
        let leader: ServerID
        var mode: Mode
        var step: Step
    }

    private var syncs: [ServerID: Sync] = [:]
    /// Hears of each step that a learner comes to, before it has done anything about it.
    var stepped: (_ learner: ServerID, _ leader: ServerID, Mode) -> Void = { _, _, _ in }
    /// How often the learner died, then how often its leader did, for each mode and step.
    package private(set) var counts = SyncCoverage.none

    package static let none = [Int](
        repeating: 0, count: Mode.allCases.count * Step.allCases.count * 2)

    package static let names: [String] = Mode.allCases.flatMap { mode in
        Step.allCases.flatMap { step in
            ["learner", "leader"].map { "death of the \($0) in \(mode), \(step)" }
        }
    }

    /// A learner has got this from its leader.
    package func received(_ packet: QuorumPacket, by learner: ServerID, from leader: ServerID) {
        switch packet.type {
        case .diff: begin(learner, leader, .diff)
        case .trunc: begin(learner, leader, .trunc)
        case .snap: begin(learner, leader, .snap)
        case .newLeader: step(learner, .newLeader)
        case .upToDate: step(learner, .upToDate)
        case .proposal, .inform:
            guard let sync = syncs[learner] else { return }
            if sync.step == .history, sync.mode == .trunc { syncs[learner]?.mode = .truncDiff }
            if sync.step == .upToDate { syncs[learner] = nil }
        default: break
        }
    }

    private func begin(_ learner: ServerID, _ leader: ServerID, _ mode: Mode) {
        syncs[learner] = Sync(leader: leader, mode: mode, step: .history)
        stepped(learner, leader, mode)
    }

    private func step(_ learner: ServerID, _ step: Step) {
        guard let sync = syncs[learner] else { return }
        syncs[learner]?.step = step
        stepped(learner, sync.leader, sync.mode)
    }

    /// It has acknowledged NEWLEADER.
    package func acknowledged(_ learner: ServerID) {
        if syncs[learner]?.step == .newLeader { step(learner, .acknowledged) }
    }

    /// A process has died; the others go on.
    package func died(_ id: ServerID, at servers: [ServerID]) {
        if let own = syncs.removeValue(forKey: id) { count(own, isLeader: false) }
        for learner in servers {
            guard let sync = syncs[learner], sync.leader == id else { continue }
            count(sync, isLeader: true)
            syncs[learner] = nil
        }
    }

    private func count(_ sync: Sync, isLeader: Bool) {
        let cell = sync.mode.rawValue * Step.allCases.count + sync.step.rawValue
        counts[2 * cell + (isLeader ? 1 : 0)] += 1
    }
}
