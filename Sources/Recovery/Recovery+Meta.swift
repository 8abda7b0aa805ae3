import Storage
import TxnLog
import ZKWire

extension Recovery {
    /// Opens `meta`. It is known by now whether it may be missing.
    func openMeta(_ verdict: StartVerdict) throws(RecoveryError) -> MetaStore<D> {
        try onMeta { () throws(MetaError) in
            try MetaStore(
                disk: disk, directory: directory.own,
                hasHistory: verdict == .resume || verdict == .refuse)
        }
    }

    /// Writes the first `meta` of a directory: from now on it is this server's.
    func createMeta(
        _ meta: inout MetaStore<D>, base: LogBase = .origin,
        acceptedEpoch: Epoch = Epoch(rawValue: 0), currentEpoch: Epoch = Epoch(rawValue: 0)
    ) throws(RecoveryError) {
        let record = MetaRecord(
            ensembleID: configuration.newEnsembleID, serverID: configuration.serverID.rawValue,
            acceptedEpoch: acceptedEpoch.rawValue, currentEpoch: currentEpoch.rawValue,
            baseGeneration: base.generation, baseZxid: base.point.zxid.rawValue,
            baseChecksum: base.point.checksum)
        // Before `meta`: from then on a log's directory that is not there is a lost one.
        try makeDirectory(directory.log)
        if base != .origin { try markLog(base) }
        try onMeta { () throws(MetaError) in try meta.write(record) }
    }

    /// An imported log ends where it begins.
    private func markLog(_ base: LogBase) throws(RecoveryError) {
        let reader = TxnLogReader(
            disk: disk, directory: directory.log,
            configuration: TxnLogConfiguration(
                ensembleID: configuration.newEnsembleID, saltSeed: configuration.seed))
        do throws(TxnLogError) {
            _ = try reader.store(Watermark(generation: base.generation, point: base.point))
        } catch {
            throw .log(error)
        }
        try onDisk { () throws(DiskError) in try disk.syncDirectory(directory.log) }
    }

    /// S-16: refuses a server whose log is not there at all, since its disk is not mounted or
    /// `dataLogDir` names another directory. Before the first snapshot of its own nothing else would
    /// tell it from a server that nobody has written to since it began, was imported or restored.
    func checkLogIsThere(_ meta: MetaStore<D>) throws(RecoveryError) {
        guard configuration.isLogRequired, let record = meta.record else { return }
        try checkLogIsNotEmptied(record)
        guard disk.exists(directory.log) else { throw .missingLog(path: directory.log) }
    }

    /// A log has its watermark from the first start on, before the server has promised anything. One
    /// that is being installed or exchanged is made anew.
    private func checkLogIsNotEmptied(_ record: MetaRecord) throws(RecoveryError) {
        guard record.acceptedEpoch > 0, !record.isRecovering, disk.exists(directory.log) else {
            return
        }
        let names = try onDisk { () throws(DiskError) in try disk.list(directory.log) }
        let isKept = names.contains {
            $0 == LogFileNames.watermark || LogFileNames.firstZxid(of: $0) != nil
        }
        if !isKept { throw .missingLog(path: directory.log) }
    }

    /// S-28, S-29: the directory has to be this server's, and of its ensemble where that is known.
    func checkOwner(_ meta: MetaStore<D>) throws(RecoveryError) -> MetaRecord {
        guard let record = meta.record else {
            preconditionFailure("a start writes meta if it was not there")
        }
        let stored = ServerID(rawValue: record.serverID)
        guard stored == configuration.serverID else {
            throw .wrongServer(
                path: directory.own, stored: stored, configured: configuration.serverID)
        }
        if let expected = configuration.ensembleID, expected != record.ensembleID {
            throw .wrongEnsemble(
                path: directory.own, stored: record.ensembleID, configured: expected)
        }
        return record
    }

    private func onMeta<T>(_ body: () throws(MetaError) -> T) throws(RecoveryError) -> T {
        do throws(MetaError) {
            return try body()
        } catch {
            throw .meta(error)
        }
    }
}
