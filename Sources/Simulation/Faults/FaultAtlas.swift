// Where good copies are: damage never takes the last one that a promise needs, so that it is known of
// every run how it has to end.
//
//  1. The voters that are damaged, or have no vote for another reason, leave a quorum of others.
//  2. Who is damaged is spared until all of its files are sound again and it has a vote.
//
// So of what was acknowledged by a quorum, a copy is on a voter that is whole; those who are whole can
// elect a leader, who has all that was committed; and whoever is damaged has to be repaired in the end.

import ZKWire
import Zab

final class FaultAtlas {
    private let run: Run
    private let ghost: Ghost
    private let machines: [Machine]

    init(_ run: Run, _ ghost: Ghost, _ machines: [Machine]) {
        self.run = run
        self.ghost = ghost
        self.machines = machines
    }

    var isAnyVoterDamaged: Bool {
        machines.contains { isVoter($0) && $0.hardware.isDamaged }
    }

    func mayDamage(_ machine: Machine) -> Bool {
        forgetMended()
        guard !machine.hardware.isDamaged, machine.repair == nil, !ghost.committed.isEmpty else {
            return false
        }
        guard isVoter(machine) else { return true }
        let whole = machines.filter {
            isVoter($0) && $0 !== machine && !$0.hardware.isDamaged && ghost.of($0.id).mayVote
        }
        return ghost.of(machine.id).mayVote
            && run.options.membership.isQuorum(ServerSet(whole.map(\.id)))
    }

    private func isVoter(_ machine: Machine) -> Bool { !run.options.isObserver(machine.id) }

    private func forgetMended() {
        for machine in machines where machine.hardware.isDamaged && machine.isWhole {
            run.note(machine.host, "has nothing damaged any more")
            machine.hardware.isDamaged = false
        }
    }
}
