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
    private var surveyedAt = Int64(0)
    private var isLooking = false

    init(_ life: Life) {
        self.life = life
        // Not split from the machine's: few runs have repairs.
        chance = Chance(seed: life.run.options.seed ^ UInt64(life.id.rawValue) << 32 ^ UInt64(life.number))
    }

    func answer(_ request: RepairRequest, _ done: @escaping (RepairResponse?) -> Void) {
        let peer = life.core.peer
        let standing = (RepairPeerState(peer.role), peer.mayVote, peer.epochs)
        life.after(life.diskTime(syncs: 0, &chance)) { [self] in
            done(answer(request, standing))
        }
    }

    private func answer(
        _ request: RepairRequest, _ standing: (state: RepairPeerState, mayVote: Bool, epochs: Epochs)
    ) -> RepairResponse? {
        let answerer = look(isNew: request.isHello)
        switch request {
        case .hello, .status:
            guard let answerer else { return .status(starting(standing.epochs)) }
            return .status(
                answerer.status(
                    life.id, standing.state, isTrusted: standing.mayVote,
                    accepted: standing.epochs.accepted, current: standing.epochs.current))
        case .txns(let span): return answerer.map { .txns($0.txns(span)) }
        case .snapshot(let zxid, let offset):
            return answerer.map {
                .snapshot(zxid, offset: offset, $0.snapshot(zxid, offset: offset))
            }
        }
    }

    /// Nothing is known of the files yet.
    private func starting(_ epochs: Epochs) -> RepairStatus {
        RepairStatus(
            server: life.id, state: .starting, isTrusted: false, acceptedEpoch: epochs.accepted,
            currentEpoch: epochs.current, log: ZxidSpan(after: .zero, through: .zero))
    }

    private func look(isNew: Bool) -> RepairAnswerer<SimulatedDisk>? {
        let age = life.run.now - surveyedAt
        let isDue =
            !isLooking
            && (answerer == nil || isNew || age >= RepairServiceTwin.surveyInterval.nanoseconds)
        if isNew { answerer = nil }
        let present = answerer
        if isDue {
            isLooking = true
            life.after(life.diskTime(syncs: 2, &chance)) { [self] in survey() }
        }
        return present
    }

    private func survey() {
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
