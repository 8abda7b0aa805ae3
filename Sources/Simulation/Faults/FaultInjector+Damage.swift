import Storage
import ZKWire

// Silent damage: the disk says nothing, and what is read is not what was written.
extension FaultInjector {
    /// Bytes of what is synced turn to others: of records, of snapshots, of a copy of `meta` or both, or
    /// of the watermark.
    func rot() {
        damage("rots") { places in
            let victims = victims(places)
            guard !victims.isEmpty else { return }
            run.figures.bitRots += 1
            for place in victims { places.rot(place, &chance) }
        }
    }

    /// Of meta and the watermark one or both copies, of the log and the snapshots some places.
    private func victims(_ places: DamagePlaces) -> [DamagePlaces.Place] {
        let kind = chance.below(8)
        if kind < 2 {
            let copies = kind == 0 ? places.meta : places.watermark
            return Array(copies.shuffled(using: &chance).prefix(1 + chance.below(2)))
        }
        let all =
            switch kind {
            case 2, 3: places.snapshots
            case 4: places.snapshots + places.log
            default: places.log
            }
        guard !all.isEmpty else { return [] }
        return (0..<(1 + chance.below(4))).map { _ in chance.pick(all) }
    }

    /// What was written to one place is at another, and where it should be is what was there before:
    /// zeros, in the files of the log and of a snapshot.
    func misdirect() {
        damage("has a sector written elsewhere") { places in
            let sources = places.log + places.snapshots
            guard !sources.isEmpty else { return }
            run.figures.misdirections += 1
            let targets = sources + places.meta
            places.misdirect(chance.pick(sources), to: chance.pick(targets), &chance)
        }
    }

    private func damage(_ what: String, _ body: (DamagePlaces) -> Void) {
        let machine = chance.pick(machines)
        guard atlas.mayDamage(machine) else { return }
        let places = DamagePlaces(machine.hardware.disk)
        body(places)
        guard !places.touched.isEmpty else { return }
        machine.hardware.isDamaged = true
        run.note(machine.host, "\(what): \(places.touched.joined(separator: ", "))")
        // It may show at once, or after a long time.
        guard chance.percent(60), machine.process != nil else { return }
        run.after(chance.span(.milliseconds(1) ... .seconds(5))) { [self] in
            if !run.areFaultsOver, machine.hardware.isDamaged { machine.crash() }
        }
    }
}
