// The snapshot thread (`SnapshotThread`): writes, syncs, names and purges snapshots, one message after
// the other, each at the end of its simulated time.

import Recovery
import Resync
import Snapshot
import Storage
import ZKWire

final class SnapshotWriterTwin {
    enum Message {
        case begin(startZxid: Zxid)
        case piece(ByteWriter)
        case finish(SnapshotEnd)
        case abandon
        case use(SnapshotOrigin)
    }

    enum Report {
        case pieceWritten
        case finished(Zxid, logFloor: Zxid?)
        case failed
    }

    private let life: Life
    /// Tells the loop, some time later.
    var onReport: (Report) -> Void = { _ in }
    private var chance: Chance
    private var store: SnapshotStore<SimulatedDisk>
    private var origin: SnapshotOrigin
    private let retained = 2
    private var queue: [Message] = []
    private var isBusy = false
    private var writer: SnapshotWriter<SimulatedDisk>?
    private var hasWriter = false

    init(_ life: Life, _ storage: RecoveredMachine) {
        self.life = life
        chance = life.hardware.chance.split()
        store = storage.state.snapshots
        origin = storage.state.snapshotOrigin
    }

    func send(_ message: Message) {
        queue.append(message)
        work()
    }

    /// Everything that was handed over is done, or given up, when it returns.
    func quiesce() {
        while !queue.isEmpty { carryOut(queue.removeFirst()) }
        if hasWriter { giveUp() }
    }

    private func work() {
        guard !isBusy, let first = queue.first else { return }
        isBusy = true
        let syncs: Int64 = if case .finish = first { 2 } else { 0 }
        life.after(life.diskTime(syncs: syncs, &chance)) { [self] in
            isBusy = false
            if !queue.isEmpty { carryOut(queue.removeFirst()) }
            work()
        }
    }

    private func report(_ report: Report) {
        guard life.isAlive else { return }
        life.after(.microseconds(20)) { [self] in
            onReport(report)
            life.scheduleTurn()
        }
    }

    private func carryOut(_ message: Message) {
        do throws(SnapshotError) {
            switch message {
            case .begin(let zxid):
                if hasWriter { giveUp() }
                writer = try store.begin(startZxid: zxid, origin: origin)
                hasWriter = true
            case .piece(let bytes):
                guard hasWriter else { return }
                try writer!.append(bytes.view)
                report(.pieceWritten)
            case .finish(let end):
                guard hasWriter, let writer = writer.take() else { return }
                hasWriter = false
                let footer = try writer.finish(end)
                let floor = purge()
                report(.finished(footer.startZxid, logFloor: floor))
            case .abandon: giveUp()
            case .use(let origin): self.origin = origin
            }
        } catch {
            hasWriter = false
            writer = nil
            report(.failed)
        }
    }

    private func giveUp() {
        hasWriter = false
        if let writer = writer.take() { writer.abandon() }
    }

    private func purge() -> Zxid? {
        (try? store.purge(keeping: retained))?.logFloor
    }

    /// Nothing comes any more, and nobody is told.
    func end() { onReport = { _ in } }

    /// The process dies while something is being written.
    func interrupt(_ disk: SimulatedDisk) {
        guard isBusy, let first = queue.first, !disk.isPowerCut else { return }
        disk.cutPower(at: 1 + chance.below(10))
        carryOut(first)
    }
}
