import Recovery
import Snapshot
import Storage
import ZKWire

// What a machine's disk has lost, and whether it has all.
extension Machine {
    /// The newest snapshot, or all, are empty files from now on. Another snapshot of the same history
    /// will do, and so will a log that begins at the beginning; otherwise a start has to refuse
    /// (S-21), and the disk is exchanged.
    /// - Returns: whether it was.
    func loseSnapshots(all: Bool) -> Bool {
        // Whether it can start at all is another check's affair.
        let copy = hardware.disk.afterKill()
        guard let state = try? recovery(hardware.chance.next(), of: copy).load(),
            let names = try? state.snapshots.list()
        else { return false }
        let lost = names.prefix(all ? names.count : 1)
        let isStartable =
            state.log.startsAfter == .zero
            || names.dropFirst(lost.count).contains {
                (try? state.snapshots.reader.footer(of: $0))?.origin == state.snapshotOrigin
            }
        run.note(host, "loses \(lost.map(\.fileName)); has to start: \(isStartable)")
        for name in lost {
            hardware.disk.place([], at: Hardware.directory.snapshots + "/" + name.fileName)
        }
        guard !isStartable else { return false }
        do throws(RecoveryError) {
            _ = try recovery(hardware.chance.next(), of: hardware.disk.afterKill()).load()
            return false
        } catch {
            run.note(host, "is refused: \(error)")
            wipe()
            return true
        }
    }

    /// Whether every byte that a start or a feed may read is sound, and the member has a vote: looked
    /// for on a copy, by all that the engine's readers check.
    var isWhole: Bool {
        guard process != nil, ghost.of(id).mayVote || run.options.isObserver(id) else {
            return false
        }
        let copy = hardware.disk.afterKill()
        let own = Hardware.directory.own
        guard let meta = try? MetaInspection(copy, directory: own),
            meta.copies.allSatisfy({ $0.kind == .valid }),
            let state = try? recovery(hardware.chance.next(), of: copy).load(),
            state.report.log?.isWatermarkKnown != false, state.report.skipped.isEmpty,
            (try? state.log.replay(after: state.log.startsAfter, { _, _ in })) != nil,
            let names = try? state.snapshots.list()
        else { return false }
        return names.allSatisfy { (try? state.snapshots.reader.verify($0)) != nil }
    }
}
