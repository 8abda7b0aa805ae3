import DataTree
import Snapshot
import Storage
import ZKWire

extension ApacheDirectory {
    /// Builds the tree that a server of Apache's would start with, or says why there is none.
    ///
    /// Differs from ZooKeeper: a gap between two transactions, damage within a log, and a log that
    /// ends before the snapshot did are refused; Apache goes on with what there is.
    package func load(
        seed: UInt64, progress: (RecoveryProgress) -> Void = { _ in }
    ) throws(RecoveryError) -> ApacheState {
        var skipped: [SkippedFile] = []
        let candidates = try names(in: snapshots).compactMap { SnapshotName(fileName: $0) }
            .sorted { $0.zxid > $1.zxid }
        for name in candidates {
            guard let loaded = loadSnapshot(name, seed: seed, &skipped, progress) else { continue }
            return try replay(loaded.tree, from: loaded.description, skipped, progress)
        }
        guard try logBeginsAtTheBeginning() else {
            throw .apacheNoSnapshot(path: snapshots, skipped: skipped)
        }
        return try replay(DataTree(seed: seed), from: nil, skipped, progress)
    }

    private func loadSnapshot(
        _ name: SnapshotName, seed: UInt64, _ skipped: inout [SkippedFile],
        _ progress: (RecoveryProgress) -> Void
    ) -> (tree: DataTree, description: SnapshotDescription)? {
        let reader = SnapshotReader(disk, directory: snapshots, limits: limits)
        var sink = TreeSink(seed: seed)
        do {
            let description = try withoutActuallyEscaping(progress) { progress in
                try reader.load(name, into: &sink) { progress(.snapshot(name, readBytes: $0)) }
            }
            return (try sink.finish(lastProcessedZxid: name.zxid), description)
        } catch {
            skipped.append(SkippedFile(name: name.fileName, reason: "\(error)"))
            return nil
        }
    }

    private func replay(
        _ tree: DataTree, from snapshot: SnapshotDescription?, _ skipped: [SkippedFile],
        _ progress: (RecoveryProgress) -> Void
    ) throws(RecoveryError) -> ApacheState {
        var replayer = Replayer(tree)
        let torn = try replayLogs(&replayer, progress)
        if let snapshot, replayer.lastZxid < snapshot.endZxid {
            throw .apacheLostLogEnd(
                snapshot: snapshots + "/" + snapshot.name.fileName, needed: snapshot.endZxid,
                last: replayer.lastZxid)
        }
        guard tree.unresolvedACLCount == 0 else {
            throw .unresolvedACLs(count: tree.unresolvedACLCount)
        }
        let current = try epoch("currentEpoch") ?? replayer.lastZxid.epoch
        return ApacheState(
            tree: tree, snapshot: snapshot?.name, replayedCount: replayer.appliedCount,
            tornTail: torn, skipped: skipped, acceptedEpoch: try epoch("acceptedEpoch") ?? current,
            currentEpoch: current)
    }

    /// Applies all that comes after the tree's last transaction. Returns where the last file has an
    /// unfinished record, if it has.
    private func replayLogs(
        _ replayer: inout Replayer, _ progress: (RecoveryProgress) -> Void
    ) throws(RecoveryError) -> String? {
        let start = replayer.lastZxid
        let files = try logFiles()
        let first = files.lastIndex { $0.firstZxid <= start.next } ?? 0
        var torn: String?
        for index in files.indices.dropFirst(first) {
            var file = try ApacheLogFile(
                disk, logs + "/" + files[index].name, maximumRecordBytes: maximumRecordBytes)
            while let payload = try file.next() {
                try apply(payload, of: file, after: start, &replayer)
                if replayer.appliedCount & 0xFFFF == 0xFFFF {
                    // How far the last file goes is not known before it is read.
                    let known = max(files[files.count - 1].firstZxid, replayer.lastZxid)
                    progress(.replay(replayer.lastZxid, of: known))
                }
            }
            if case .torn(let offset) = file.end {
                guard index == files.count - 1 else { throw file.defect(.record) }
                torn = "\(files[index].name) at byte \(offset)"
            }
        }
        return torn
    }

    private func apply(
        _ payload: ByteView, of file: borrowing ApacheLogFile<D>, after start: Zxid,
        _ replayer: inout Replayer
    ) throws(RecoveryError) {
        let zxid = try decoding(file) { () throws(DecodeError) in try Replayer.zxid(of: payload) }
        if zxid <= start { return }
        guard Replayer.canFollow(zxid, after: replayer.lastZxid) else {
            throw .apacheGap(path: file.path, after: replayer.lastZxid, found: zxid)
        }
        try decoding(file) { () throws(DecodeError) in try replayer.apply(payload) }
    }

    func decoding<T>(
        _ file: borrowing ApacheLogFile<D>, _ body: () throws(DecodeError) -> T
    ) throws(RecoveryError) -> T {
        do throws(DecodeError) {
            return try body()
        } catch {
            throw file.defect(.payload("\(error)"))
        }
    }

    private func logBeginsAtTheBeginning() throws(RecoveryError) -> Bool {
        guard let first = try logFiles().first else { return false }
        return Replayer.canFollow(first.firstZxid, after: .zero)
    }
}
