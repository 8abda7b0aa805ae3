import DataTree
import Snapshot
import Storage
import TxnLog
import ZKWire

/// Finds the snapshot to start from: observes each, newest first, and asks `CandidateTable`.
struct SnapshotChooser<D: Disk> {
    let store: SnapshotStore<D>
    let log: TxnLog<D>
    let meta: MetaRecord
    let configuration: RecoveryConfiguration
    let directory: String

    struct Choice {
        let tree: DataTree
        let description: SnapshotDescription
    }

    /// nil if none can be used; each that was passed over is in `skipped` then, with the reason.
    func choose(
        _ skipped: inout [SkippedFile], _ progress: (RecoveryProgress) -> Void
    ) throws(RecoveryError) -> Choice? {
        for name in try list() {
            let observation = observe(name)
            switch CandidateTable.verdict(observation.history, observation.log) {
            case .refuse:
                throw .lostLogEnd(
                    snapshot: directory + "/" + name.fileName, needed: observation.endZxid,
                    last: log.lastZxid)
            case .skip:
                skipped.append(SkippedFile(name: name.fileName, reason: observation.reason))
            case .use:
                preconditionFailure("a snapshot is used after its content was read")
            case nil:
                if let choice = read(name, observation, &skipped, progress) { return choice }
            }
        }
        return nil
    }

    private func list() throws(RecoveryError) -> [SnapshotName] {
        do throws(SnapshotError) {
            return try store.list()
        } catch {
            throw .snapshot(error)
        }
    }

    private struct Observation {
        var history: CandidateHistory
        var log: CandidateLog
        var endZxid = Zxid.zero
        /// For the message if it is passed over.
        var reason: String
    }

    private func observe(_ name: SnapshotName) -> Observation {
        guard name.encoding == .lz4 else {
            return Observation(history: .unknown, log: .unknown, reason: "not one of ours")
        }
        do throws(SnapshotError) {
            let footer = try store.reader.footer(of: name)
            return observe(footer)
        } catch {
            return Observation(history: .unknown, log: .unknown, reason: "\(error)")
        }
    }

    private func observe(_ footer: SnapshotFooter) -> Observation {
        let ours = SnapshotOrigin(
            ensembleID: meta.ensembleID, generation: meta.baseGeneration)
        guard footer.origin == ours else {
            return Observation(
                history: .other, log: .unknown,
                reason: "it belongs to ensemble 0x\(String(footer.origin.ensembleID, radix: 16)), "
                    + "generation \(footer.origin.generation) of the log")
        }
        var observation = Observation(
            history: .same, log: .covers, endZxid: footer.endZxid, reason: "")
        if log.lastZxid < footer.endZxid {
            observation.log = .endsEarlier
        } else if footer.startZxid < log.startsAfter {
            observation.log = .beginsLater
            observation.reason =
                "it needs the log from zxid \(footer.startZxid) on, which begins only after "
                + "\(log.startsAfter)"
        }
        return observation
    }

    private func read(
        _ name: SnapshotName, _ observation: Observation, _ skipped: inout [SkippedFile],
        _ progress: (RecoveryProgress) -> Void
    ) -> Choice? {
        // A new sink for each: nothing of a file that proves bad at its end is ever seen.
        var sink = TreeSink(
            seed: configuration.seed, keepsDigest: configuration.keepsDigest)
        let choice: Choice?
        let content: CandidateContent
        do {
            let description = try withoutActuallyEscaping(progress) { progress in
                try store.reader.load(name, into: &sink) { bytes in
                    progress(.snapshot(name, readBytes: bytes))
                }
            }
            choice = Choice(
                tree: try sink.finish(lastProcessedZxid: name.zxid), description: description)
            content = .good
        } catch {
            skipped.append(SkippedFile(name: name.fileName, reason: "\(error)"))
            choice = nil
            content = .bad
        }
        let verdict = CandidateTable.verdict(observation.history, observation.log, content)
        return verdict == .use ? choice : nil
    }
}
