// A running member's answers to those that repair themselves (`RepairService`): from its files, which
// are looked through for who comes, and from time to time.

import Recovery
import Repair
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

final class RepairServiceTwin {
    private static let surveyInterval = Span.seconds(10)

    private let life: Life
    private var chance: Chance
    private var answerer: RepairAnswerer<SimulatedDisk>?
    private var standing: RepairStanding?
    private var surveyedAt = Int64(0)
    private var isLooking = false

    init(_ life: Life) {
        self.life = life
        // Not split from the machine's: few runs have repairs.
        chance = Chance(
            seed: life.run.options.seed ^ (UInt64(life.id.rawValue) << 32)
                ^ UInt64(life.number))
    }

    func answer(_ request: RepairRequest, _ done: @escaping (RepairResponse?) -> Void) {
        let standing = RepairStanding(life.core.peer)
        life.after(life.diskTime(syncs: 0, &chance)) { [self] in
            let answerer = look(standing, isNew: request.isHello)
            done(standing.answer(request, life.id, answerer, since: self.standing))
        }
    }

    private func look(_ standing: RepairStanding, isNew: Bool) -> RepairAnswerer<SimulatedDisk>? {
        let isOutdated = isNew || self.standing.map { !standing.holds($0) } ?? true
        let age = life.run.now - surveyedAt
        let isDue =
            !isLooking
            && (answerer == nil || isOutdated || age >= RepairServiceTwin.surveyInterval.nanoseconds)
        if isNew { answerer = nil }
        let present = answerer
        if isDue {
            isLooking = true
            life.after(life.diskTime(syncs: 2, &chance)) { [self] in survey(standing) }
        }
        return present
    }

    private func survey(_ standing: RepairStanding) {
        self.standing = standing
        let disk = life.hardware.disk
        let meta = (try? MetaInspection(disk, directory: Hardware.directory.own))?.record
        answerer = meta.map { meta in
            RepairAnswerer(
                disk, Hardware.directory, base: meta.base,
                SnapshotOrigin(ensembleID: meta.ensembleID, generation: meta.baseGeneration))
        }
        surveyedAt = life.run.now
        isLooking = false
    }
}

extension RepairRequest {
    fileprivate var isHello: Bool { if case .hello = self { true } else { false } }
}
