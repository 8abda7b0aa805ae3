import Recovery
import Repair
import Storage
import ZKWire
import Zab

// A start that has to repair the directory first (`RecoveredStorage`, `MemberRepair`).
extension Machine {
    func mend(_ error: RecoveryError) {
        run.figures.repairs += 1
        run.note(host, "repairs itself: \(error)")
        // The power may fail at any call of the disk.
        if !run.areFaultsOver, hardware.chance.percent(30) {
            hardware.disk.cutPower(at: 1 + hardware.chance.below(400))
        }
        let twin: RepairTwin
        do {
            twin = try RepairTwin(hardware, network, error, seed: hardware.chance.next()) {
                [unowned self] in repairEnded($0)
            }
        } catch {
            return hardware.disk.isPowerCut ? losePower() : failed("\(error)")
        }
        ghost.beginsRepair(id, hasPromises: twin.hasPromises || hardware.disk.isPowerCut)
        run.census?.add(twin)
        repair = twin
        run.record("repair", host.number)
        twin.start()
    }

    private func repairEnded(_ ending: RepairTwin.Ending) {
        stopRepair()
        switch ending {
        case .powerLost: losePower()
        case .failed(let reason): failed(reason)
        case .outcome(.repaired(let plan)):
            run.figures.repaired += 1
            run.note(host, "is repaired up to \(plan.end), \(plan.fetchedCount) fetched")
            load()
        case .outcome(.following(let reason)):
            run.figures.givenUp += 1
            run.note(host, "begins with nothing: \(reason)")
            load()
        case .outcome(.stopped(let text)):
            run.figures.refusals += 1
            giveUp("cannot be repaired: \(text)")
        }
    }

    func losePower() {
        run.figures.crashes += 1
        run.note(host, "loses its power before it serves")
        hardware.disk = hardware.disk.crash(seed: hardware.chance.next())
        onEnd(true)
    }

    private func failed(_ reason: String) {
        guard hardware.isDiskInTrouble else {
            return run.fail("S-02", "server \(id): the repair failed: \(reason)")
        }
        giveUp("ends in its repair: \(reason)")
    }

    func crashRepair() {
        let isPowerFailure = hardware.chance.percent(60)
        run.figures.crashes += 1
        run.note(host, isPowerFailure ? "loses its power in its repair" : "is killed in its repair")
        stopRepair()
        let disk = hardware.disk
        hardware.disk =
            isPowerFailure ? disk.crash(seed: hardware.chance.next()) : disk.afterKill()
        onEnd(true)
    }

    func stopRepair() {
        repair?.die()
        repair = nil
        network.lose(host)
    }
}
